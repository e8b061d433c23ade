/**
 * What a network path does to connections on which nothing happens: measured, explained, and the
 * setting that answers it named.
 *
 * <p>It speaks HTTP/2 on Netty itself and uses no gRPC client, so that what is measured is the wire
 * and not what a client makes of it.
 */
@NullMarked
package dev.holdfast.doctor;

import org.jspecify.annotations.NullMarked;
