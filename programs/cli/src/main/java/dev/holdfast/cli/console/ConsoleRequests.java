package dev.holdfast.cli.console;

import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.PolicySplits;
import dev.holdfast.gateway.admin.AdminAccessPolicy;
import io.grpc.StatusRuntimeException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests that browsers send to the console. Thread-safe. */
final class ConsoleRequests {
  /** The path of the server-sent events. */
  static final String EVENTS = "/api/events";

  private static final Logger log = LoggerFactory.getLogger(ConsoleRequests.class);

  private final ConsoleFeed feed;
  private final ConsoleAccess access;
  private final AdminAccessPolicy policy;
  private final Optional<ConsoleSplits> splits;
  private final Map<String, ConsoleAnswer> files;
  private final Function<Boolean, String> info;

  /**
   * @param splits those of the policy file, if one was named
   * @param info the JSON text about the console, for a browser that may act or may not
   */
  ConsoleRequests(
      ConsoleFeed feed,
      ConsoleAccess access,
      Optional<PolicySplits> splits,
      Function<Boolean, String> info) {
    this.splits = splits.map(ConsoleSplits::new);
    this.feed = feed;
    this.access = access;
    this.policy = new AdminAccessPolicy(access.loopback());
    this.info = info;
    this.files = new HashMap<>();
    files.put("/", file("console.html", "text/html; charset=utf-8"));
    files.put("/console.css", file("console.css", "text/css; charset=utf-8"));
    files.put("/console.js", file("console.js", "text/javascript; charset=utf-8"));
  }

  /** The refusal of a request that may not be answered; empty when it may. */
  Optional<ConsoleAnswer> refusal(HttpRequest request) {
    String path = path(request);
    boolean action = path.equals("/api/drain") || path.equals("/api/split");
    boolean post = action || path.equals("/api/next");
    String refusal = policy.refusal(request.method(), request.headers(), false);
    if (refusal != null) {
      return Optional.of(ConsoleAnswer.refusal(HttpResponseStatus.FORBIDDEN, refusal));
    }
    HttpMethod expected = post ? HttpMethod.POST : HttpMethod.GET;
    if (!request.method().equals(expected)) {
      return Optional.of(
          ConsoleAnswer.refusal(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              request.method() + " " + path + " (expected: " + expected + ")"));
    }
    String authorization = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
    boolean allowed =
        files.containsKey(path)
            || (action ? access.mayAct(authorization) : access.mayRead(authorization));
    return allowed
        ? Optional.empty()
        : Optional.of(
            ConsoleAnswer.refusal(
                HttpResponseStatus.UNAUTHORIZED,
                "token: wrong or none (expected: the link that the console printed at its start, or"
                    + " /#token= and what --token-file has)"));
  }

  /** Answers a request that {@link #refusal} lets through. */
  CompletableFuture<ConsoleAnswer> answer(HttpRequest request, String peer) {
    QueryStringDecoder decoded = new QueryStringDecoder(request.uri());
    ConsoleAnswer known = files.get(decoded.path());
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    try {
      return route(request, decoded, peer).exceptionally(ConsoleRequests::failure);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedFuture(badRequest(e));
    }
  }

  private CompletableFuture<ConsoleAnswer> route(
      HttpRequest request, QueryStringDecoder decoded, String peer) {
    return switch (decoded.path()) {
      case "/api/info" ->
          CompletableFuture.completedFuture(
              ConsoleAnswer.json(
                  info.apply(
                      access.mayAct(request.headers().get(HttpHeaderNames.AUTHORIZATION, "")))));
      case "/api/rows" -> feed.ask(query(decoded)).thenApply(ConsoleAnswer::json);
      case "/api/next" ->
          feed.next(query(decoded))
              .thenApply(page -> ConsoleAnswer.json(ConsoleJson.message("page", page)));
      case "/api/explain" ->
          feed.explain(ConsoleQuery.parameter(decoded, "endpoint"))
              .thenApply(lines -> ConsoleAnswer.json(ConsoleJson.lines(lines)));
      case "/api/shares" -> CompletableFuture.completedFuture(splits().shares(decoded));
      case "/api/split" -> CompletableFuture.completedFuture(splits().split(decoded, peer));
      case "/api/drain" -> drain(decoded, peer);
      default ->
          CompletableFuture.completedFuture(
              ConsoleAnswer.refusal(
                  HttpResponseStatus.NOT_FOUND,
                  decoded.path()
                      + " (expected: /, /api/info, /api/rows, /api/events, /api/explain,"
                      + " /api/shares, POST /api/next, POST /api/drain or POST /api/split)"));
    };
  }

  private ConsoleSplits splits() {
    return splits.orElseThrow(
        () ->
            new IllegalArgumentException(
                "policy: none (expected: a console that was started with --policy FILE)"));
  }

  /**
   * Begins the events of a browser.
   *
   * @throws IllegalArgumentException when the question is malformed
   */
  void follow(HttpRequest request, ConsoleFeed.Subscriber subscriber) {
    feed.follow(query(new QueryStringDecoder(request.uri())), subscriber);
  }

  static ConsoleAnswer badRequest(IllegalArgumentException e) {
    return ConsoleAnswer.refusal(HttpResponseStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
  }

  static String path(HttpRequest request) {
    return new QueryStringDecoder(request.uri()).path();
  }

  private ConsoleQuery query(QueryStringDecoder decoded) {
    return ConsoleQuery.of(decoded, feed::page);
  }

  private CompletableFuture<ConsoleAnswer> drain(QueryStringDecoder decoded, String peer) {
    String process = ConsoleQuery.parameter(decoded, "process");
    String endpoint = ConsoleQuery.parameter(decoded, "endpoint");
    boolean draining =
        switch (ConsoleQuery.parameter(decoded, "draining")) {
          case "true" -> true;
          case "false" -> false;
          default ->
              throw new IllegalArgumentException(
                  "draining: \""
                      + ConsoleQuery.parameter(decoded, "draining")
                      + "\" (expected: true or false)");
        };
    if (endpoint.isEmpty()) {
      throw new IllegalArgumentException("endpoint: none (expected: host:port)");
    }
    log.info(
        "event=console_action action={} endpoint=\"{}\" by={}",
        draining ? "drain" : "undrain",
        endpoint.replaceAll("[\\p{Cntrl}\"]", "?"),
        peer);
    return feed.setDraining(process, endpoint, draining)
        .thenApply(
            endpoints ->
                ConsoleAnswer.json(ConsoleJson.message("endpoints", String.join(", ", endpoints))));
  }

  private static ConsoleAnswer failure(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof UserError || cause instanceof IllegalArgumentException) {
      return ConsoleAnswer.refusal(
          HttpResponseStatus.BAD_REQUEST, String.valueOf(cause.getMessage()));
    }
    if (cause instanceof StatusRuntimeException status) {
      return ConsoleAnswer.refusal(
          HttpResponseStatus.BAD_GATEWAY, CallFailureText.of(status.getStatus()));
    }
    log.error("event=console_request_failed", cause);
    return ConsoleAnswer.refusal(
        HttpResponseStatus.INTERNAL_SERVER_ERROR, "failed: see the log of the console");
  }

  private static ConsoleAnswer file(String name, String type) {
    try (InputStream in = ConsoleRequests.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + ": not in the jar");
      }
      return new ConsoleAnswer(
          HttpResponseStatus.OK, type, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
