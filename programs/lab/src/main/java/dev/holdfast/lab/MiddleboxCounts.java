package dev.holdfast.lab;

/**
 * The counters of a {@link Middlebox} since its start.
 *
 * @param opened connections opened in all
 * @param open connections that pass bytes now
 * @param silenced connections that are held open and pass nothing any more
 * @param resets connections that the middlebox reset
 * @param closed connections that the middlebox closed with a FIN
 * @param streamsEnded streams that the middlebox ended
 * @param bytesToServer bytes forwarded to servers
 * @param bytesToClient bytes forwarded to clients
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
