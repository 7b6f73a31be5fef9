//! The runtime's tests, in one program: the small models and what runs them are compiled once.

mod asking;
mod attack;
mod bounds;
mod common;
mod document;
mod frames;
mod layers;
mod packing;
mod sequences;
mod stream_classifier;
mod streams;
mod unicode;
