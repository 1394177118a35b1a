"""What a training may start from: pre-trained weights, shuffled ones, random ones."""
