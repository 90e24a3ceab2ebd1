//! The page that describes the protocol names everything that the protocol has.
