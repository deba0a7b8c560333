"""What the models that allocate points to sites share: p-median, p-center and the capacitated ones."""
