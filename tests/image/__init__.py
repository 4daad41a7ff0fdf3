"""The container image, built and run as people do it: `make test-image`. Needs root and Debian's packages.

It uses no registry of images. The base is made from Debian's packages, like the one on the registries.
"""
