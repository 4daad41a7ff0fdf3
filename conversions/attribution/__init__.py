"""Attribution: the models. A path's touches -> each touch's share. Pure."""
