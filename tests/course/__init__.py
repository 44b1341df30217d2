"""Tests of the manifest, the build and the `course` command."""
