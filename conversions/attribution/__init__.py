"""Attribution: the models. The touches of a path -> each touch's share. Pure."""
