package dev.holdfast.hooks;

/**
 * The last state of a resumable stream that has ended.
 *
 * @param last the state at the end
 * @param kind the name of the kind of end, such as FINISHED
 * @param lost whether the session was lost
 */
public record EndedStreamStatus(StreamStatus last, String kind, boolean lost) {}
