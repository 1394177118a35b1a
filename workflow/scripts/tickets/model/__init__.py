"""f(x; m * theta, gamma): the network on a device, and the batches that it takes."""
