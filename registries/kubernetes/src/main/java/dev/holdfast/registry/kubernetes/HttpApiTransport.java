package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.kubernetes.internal.credentials.ApiCredentials;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client for an API server's HTTP interface, over the JDK's HTTP client: HTTP/2 with TLS,
 * HTTP/1.1 without.
 *
 * <p>Responses are parsed on the client's threads; results are delivered on the scheduler. A
 * request whose credentials are refused is sent once more after they were read again.
 *
 * <p>A request whose HTTP/2 connection breaks before the response begins is sent once more over
 * HTTP/1.1. A kube-apiserver (from 1.29 on) sends GOAWAY before each 401, and the client of JDK 17
 * then drops all streams, so the 401 would never arrive.
 */
final class HttpApiTransport implements ApiTransport {
  private static final Logger log = LoggerFactory.getLogger(HttpApiTransport.class);

  @Limit(of = "one page of a list", then = "the list fails, the last one stays")
  static final int MAX_PAGE_BYTES = 128 << 20;

  @Limit(of = "an error's text from an API server", then = "the request fails without it")
  static final int MAX_ERROR_BYTES = 1 << 20;

  private static final int OK = 200;
  private static final String PATH = "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?%s";

  private final CredentialCache access;
  private final HttpClients clients;
  private final Scheduler scheduler;
  private final Set<Call<?>> calls = new LinkedHashSet<>();

  HttpApiTransport(CredentialCache access, HttpClients clients, Scheduler scheduler) {
    this.access = access;
    this.clients = clients;
    this.scheduler = scheduler;
  }

  @Override
  public Subscription list(
      ApiListRequest query, Consumer<SlicePage> onPage, Consumer<ApiFailure> onFailure) {
    Call<SlicePage> call =
        new Call<>("list", query.scope(), path(query), ApiJson::page, onPage, onFailure);
    call.handler =
        info -> new LimitedBody(info.statusCode() == OK ? MAX_PAGE_BYTES : MAX_ERROR_BYTES);
    return begin(call);
  }

  @Override
  public Subscription watch(ApiWatchRequest query, WatchReceiver receiver) {
    Call<Boolean> call =
        new Call<>(
            "watch",
            query.scope(),
            path(query),
            body -> true,
            ended -> receiver.onEnd(),
            receiver::onFailure);
    call.handler =
        info -> {
          if (info.statusCode() != OK) {
            return new LimitedBody(MAX_ERROR_BYTES);
          }
          hop(() -> call.ifOpen(() -> opened(call, receiver)));
          return new WatchBody((events, done) -> take(call, receiver, events, done));
        };
    return begin(call);
  }

  @Override
  public void discardConnection() {
    clients.discardConnection();
  }

  @Override
  public void close() {
    List.copyOf(calls).forEach(Call::close);
  }

  private void opened(Call<?> call, WatchReceiver receiver) {
    call.begun = true;
    receiver.onOpen();
  }

  private void take(Call<?> call, WatchReceiver receiver, List<SliceEvent> events, Runnable done) {
    hop(
        () ->
            call.ifOpen(
                () -> {
                  receiver.onEvents(events);
                  done.run();
                }));
  }

  private Subscription begin(Call<?> call) {
    calls.add(call);
    attempt(call);
    return call;
  }

  private <T> void attempt(Call<T> call) {
    access.get(
        with -> call.ifOpen(() -> send(call, with)),
        failure -> call.ifOpen(() -> call.fail(failure)));
  }

  private <T> void send(Call<T> call, ApiCredentials with) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(with.server() + call.path))
            .header("Accept", "application/json")
            .header("User-Agent", "holdfast");
    if (!with.token().isEmpty()) {
      request.header("Authorization", "Bearer " + with.token());
    }
    if (call.plainly) {
      request.version(HttpClient.Version.HTTP_1_1);
    }
    CompletableFuture<HttpResponse<byte[]>> sent =
        clients.of(with).sendAsync(request.build(), call.handler);
    call.sent = sent;
    var unused =
        sent.thenApply(response -> call.parse(response))
            .whenComplete(
                (result, thrown) ->
                    hop(
                        () ->
                            call.ifOpen(
                                () -> {
                                  if (thrown == null) {
                                    call.succeed(result);
                                  } else {
                                    failed(call, with, ApiErrors.of(thrown));
                                  }
                                })));
  }

  private void failed(Call<?> call, ApiCredentials with, ApiFailure failure) {
    if (failure.error() == ApiError.BROKEN && with.tls() != null && !call.plainly && !call.begun) {
      call.plainly = true;
      attempt(call);
      return;
    }
    if (failure.error().isRetriableWithNewCredentials()) {
      access.invalidate(with);
      if (!call.renewed && !call.begun) {
        call.renewed = true;
        call.plainly = false;
        attempt(call);
        return;
      }
    }
    call.fail(failure.error() == ApiError.FORBIDDEN ? forbidden(call, failure) : failure);
  }

  /**
   * The failure of a forbidden request, with the missing permission and the Role that grants it.
   */
  private static ApiFailure forbidden(Call<?> call, ApiFailure failure) {
    String namespace = call.sliceScope.namespace();
    return failure.withMessage(
        "the account may not "
            + call.verb
            + " "
            + KubernetesRole.RESOURCE
            + "."
            + KubernetesRole.GROUP
            + " in namespace \""
            + namespace
            + "\" (expected: this Role, and a RoleBinding that gives it to the account); "
            + failure.message()
            + "\n"
            + KubernetesRole.of(namespace).yaml());
  }

  private void hop(Runnable task) {
    try {
      scheduler.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("event=kubernetes_response_dropped reason=scheduler_closed", e);
    }
  }

  private static String path(ApiListRequest query) {
    StringBuilder parameters = new StringBuilder(selector(query.scope()));
    parameters.append("&limit=").append(query.limit());
    if (!query.next().isEmpty()) {
      parameters.append("&continue=").append(encoded(query.next()));
    } else if (!query.version().isEmpty()) {
      parameters
          .append("&resourceVersion=")
          .append(encoded(query.version()))
          .append("&resourceVersionMatch=NotOlderThan");
    }
    return PATH.formatted(query.scope().namespace(), parameters);
  }

  private static String path(ApiWatchRequest query) {
    return PATH.formatted(
        query.scope().namespace(),
        selector(query.scope())
            + "&watch=true&allowWatchBookmarks=true&resourceVersion="
            + encoded(query.version())
            + "&timeoutSeconds="
            + Math.max(1, query.timeout().toSeconds()));
  }

  private static String selector(SliceScope sliceScope) {
    return "labelSelector=" + encoded(sliceScope.labelSelector());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** Parses the bytes of a response. */
  @FunctionalInterface
  private interface Parser<T> {
    T parse(byte[] body) throws IOException;
  }

  /** A request until it completes or is closed. Confined to the scheduler, except for parsing. */
  private final class Call<T> implements Subscription {
    final String verb;
    final SliceScope sliceScope;
    final String path;
    final Parser<T> parser;
    final Consumer<T> onResult;
    final Consumer<ApiFailure> onFailure;
    BodyHandler<byte[]> handler = info -> new LimitedBody(MAX_ERROR_BYTES);
    @Nullable CompletableFuture<?> sent;
    boolean begun;

    /** Whether the request is sent over HTTP/1.1, after its HTTP/2 connection broke. */
    boolean plainly;

    /** Whether the request is sent with refreshed credentials. */
    boolean renewed;

    private boolean closed;

    Call(
        String verb,
        SliceScope sliceScope,
        String path,
        Parser<T> parser,
        Consumer<T> onResult,
        Consumer<ApiFailure> onFailure) {
      this.verb = verb;
      this.sliceScope = sliceScope;
      this.path = path;
      this.parser = parser;
      this.onResult = onResult;
      this.onFailure = onFailure;
    }

    void ifOpen(Runnable word) {
      if (!closed) {
        word.run();
      }
    }

    T parse(HttpResponse<byte[]> response) {
      byte[] body = response.body();
      try {
        if (response.statusCode() == OK) {
          return parser.parse(body);
        }
        throw new ApiErrors.ApiFailureException(ApiErrors.ofAnswer(response, body));
      } catch (ApiErrors.ApiFailureException e) {
        throw new CompletionException(e);
      } catch (IOException e) {
        throw new CompletionException(
            new ApiErrors.ApiFailureException(
                ApiFailure.of(
                    ApiError.MALFORMED,
                    "an answer of the API server makes no sense: "
                        + LogEscaper.escape(e.getMessage()),
                    e)));
      }
    }

    void succeed(T result) {
      end();
      onResult.accept(result);
    }

    void fail(ApiFailure failure) {
      end();
      onFailure.accept(failure);
    }

    @Override
    public void close() {
      if (!closed) {
        end();
        if (sent != null) {
          sent.cancel(true);
        }
      }
    }

    private void end() {
      closed = true;
      calls.remove(this);
    }
  }
}
