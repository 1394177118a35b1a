"""What other programs read and write: archives, signatures, the published code, Hugging Face."""
