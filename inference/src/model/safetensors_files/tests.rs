//! What the reader says to safetensors files that lie.
