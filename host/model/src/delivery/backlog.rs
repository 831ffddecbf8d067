//! Frames that could not be delivered yet.
//!
//! A cumulative frame is made good by the next one. A delta frame holds its interval alone: it is kept, in order, until
//! the receiver takes it or the bound is reached.

use std::collections::VecDeque;

use crate::frame::Frame;

/// The most points kept; about 200 bytes each.
const POINTS_MAX: usize = 1_000_000;
/// The most frames kept.
const FRAMES_MAX: usize = 256;

/// Undelivered delta frames, oldest first: at most a million points in 256 frames.
#[derive(Debug, Default)]
pub struct Backlog {
    frames: VecDeque<Frame>,
    points: usize,
}

impl Backlog {
    /// Keeps a frame behind the others; the result says how many points of older frames had to go for it.
    pub fn push(&mut self, frame: Frame) -> usize {
        self.points += frame.point_count();
        self.frames.push_back(frame);
        let mut dropped = 0;
        while self.frames.len() > 1 && (self.points > POINTS_MAX || self.frames.len() > FRAMES_MAX) {
            dropped += self.pop().map_or(0, |frame| frame.point_count());
        }
        dropped
    }

    /// Puts the frame that was taken out back in its place.
    pub fn put_back(&mut self, frame: Frame) {
        self.points += frame.point_count();
        self.frames.push_front(frame);
    }

    /// How many points are kept.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Takes the oldest frame out.
    pub fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.points -= frame.point_count();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_frames_go_first() {
        let mut backlog = Backlog::default();
        for _ in 0..FRAMES_MAX + 3 {
            assert_eq!(backlog.push(Frame::default()), 0, "empty frames hold no points");
        }
        assert_eq!(backlog.frames.len(), FRAMES_MAX);
    }
}
