package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Handler of the requests to one {@link AdminListener}. Confined to the listener's thread. */
interface AdminRequestHandler {
  /** The response, completed now or on the given thread. */
  CompletableFuture<AdminResponse> answer(HttpRequest request, Executor thread);
}
