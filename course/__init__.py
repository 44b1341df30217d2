"""What is taught: the manifest, the notebook sources and the build of the release."""
