package dev.holdfast.lab;

/**
 * What went through a {@link Middlebox} so far.
 *
 * @param opened connections ever
 * @param open connections that pass bytes now
 * @param silenced connections that are held open and pass nothing any more
 * @param resets connections that the middlebox reset
 * @param closed connections that the middlebox closed with a FIN
 * @param streamsEnded streams that the middlebox ended
 * @param bytesToServer let through
 * @param bytesToClient let through
 */
public record MiddleboxCounts(
    long opened,
    long open,
    long silenced,
    long resets,
    long closed,
    long streamsEnded,
    long bytesToServer,
    long bytesToClient) {}
