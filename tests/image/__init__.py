"""The container image, made as people make it, and run: `make test-image`. Needs root and Debian's packages.

No registry of images is asked. The base is made of Debian's packages, as the one on the registries is.
"""
