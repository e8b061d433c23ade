/**
 * What channels and servers of Holdfast tell the streams on them, and the other way round: keys and
 * interfaces only.
 *
 * <p>Streams work on any grpc-java and know no transport; channels and servers work without
 * streams. Where both are there they meet here, and neither brings the other along.
 */
@NullMarked
package dev.holdfast.hooks;

import org.jspecify.annotations.NullMarked;
