"""Attribution: the models that divide a conversion among the touches of its path. Pure."""
