/**
 * The interface between channels and servers of Holdfast and the streams on them: keys and
 * interfaces, and the list of all streams of a process for its admin service.
 *
 * <p>Streams run on any grpc-java and know no transport. Channels and servers run without streams.
 * This module lets each use the other where both are present, without a dependency between them.
 */
@NullMarked
package dev.holdfast.hooks;

import org.jspecify.annotations.NullMarked;
