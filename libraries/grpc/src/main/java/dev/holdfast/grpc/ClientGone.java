package dev.holdfast.grpc;

import dev.holdfast.core.CloseReason;
import java.net.SocketAddress;

/**
 * A connection of a client to a server has ended.
 *
 * @param remoteAddress where the client was, as {@link io.grpc.Grpc#TRANSPORT_ATTR_REMOTE_ADDR}
 *     said it to its calls
 * @param reason why: it said so itself, it was reset, or it was silent for as long as {@link
 *     dev.holdfast.liveness.LivenessOptions} allow
 */
public record ClientGone(SocketAddress remoteAddress, CloseReason reason) {}
