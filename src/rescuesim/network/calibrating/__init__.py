"""Factors on travel times fitted to recorded trips."""
