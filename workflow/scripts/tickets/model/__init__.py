"""f(x; m * theta, gamma): the network on a device, and its batches."""
