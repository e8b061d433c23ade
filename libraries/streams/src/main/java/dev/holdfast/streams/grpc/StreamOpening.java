package dev.holdfast.streams.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import java.time.Duration;

/**
 * A method and what a session of it begins with.
 *
 * @param headers of the first attachment, which are the session's
 * @param deadline time until the session ends; zero for none
 */
record StreamOpening<ReqT, RespT>(
    MethodDescriptor<ReqT, RespT> method,
    ServerCallHandler<ReqT, RespT> handler,
    Metadata headers,
    Duration deadline) {}
