"""Tests of the stand-ins for outside parties."""
