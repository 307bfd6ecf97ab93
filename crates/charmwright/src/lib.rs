//! Write a Juju charm as one function from what is to what should be.
