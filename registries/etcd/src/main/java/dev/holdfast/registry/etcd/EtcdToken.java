package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import dev.holdfast.registry.etcd.proto.AuthenticateRequest;
import dev.holdfast.registry.etcd.proto.AuthenticateResponse;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The token by which one member knows our user.
 *
 * <p>Simple tokens live in the memory of the member that issued them and for five minutes, so each
 * member has its own, and a refused one is replaced by authenticating again. On the scheduler only.
 */
final class EtcdToken {
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

  private enum State {
    /** No token is held; the next request asks for one. */
    NONE,
    /** An authentication request is under way; other requests wait for its token. */
    ASKING,
    /** A token is held and was not refused. */
    HELD,
    /** The member said that authentication is off; requests go without. */
    NOT_NEEDED
  }

  /** The sender of authentication requests to this member, without a token. */
  interface Sender {
    void authenticate(
        AuthenticateRequest request,
        Duration timeout,
        Consumer<? super AuthenticateResponse> onReply,
        Consumer<? super EtcdException> onError);
  }

  private record Waiting(Runnable go, Consumer<? super EtcdException> fail) {}

  private final String member;
  private final @Nullable EtcdPassword password;
  private final Sender sender;
  private final Scheduler scheduler;
  private final List<Waiting> waiting = new ArrayList<>();
  private State state = State.NONE;
  private String token = "";

  EtcdToken(String member, Optional<EtcdPassword> password, Sender sender, Scheduler scheduler) {
    this.member = member;
    this.password = password.orElse(null);
    this.sender = sender;
    this.scheduler = scheduler;
  }

  /**
   * Runs {@code go} once {@link #headers} are complete, at once if they are; a failure is later.
   */
  void whenReady(Duration timeout, Runnable go, Consumer<? super EtcdException> fail) {
    if (password == null || state == State.HELD || state == State.NOT_NEEDED) {
      go.run();
      return;
    }
    waiting.add(new Waiting(go, fail));
    if (state == State.NONE) {
      ask(password, timeout);
    }
  }

  /** The metadata of a request sent now: the token, if one is held. */
  Metadata headers() {
    Metadata headers = new Metadata();
    if (state == State.HELD) {
      headers.put(TOKEN, token);
    }
    return headers;
  }

  /**
   * Takes note that a request with these headers was refused.
   *
   * @return whether another try, with another token, makes sense
   */
  boolean invalidate(Metadata sent) {
    if (password == null) {
      return false;
    }
    String refused = sent.get(TOKEN);
    boolean current = state == State.HELD ? token.equals(refused) : refused == null;
    if (current && state != State.ASKING) {
      state = State.NONE;
    }
    return true;
  }

  /** Fails who waits, however long a file may take yet. */
  void close() {
    if (state == State.ASKING) {
      scheduler.execute(() -> fail(EtcdMember.closedException()));
    }
  }

  /** Says what to do about a request that was refused for want of a user. */
  static EtcdException withAdvice(EtcdException error) {
    if (error.error() != EtcdError.USER_MISSING) {
      return error;
    }
    return new EtcdException(
        EtcdError.USER_MISSING,
        error.getMessage()
            + ": authentication is on and no user was given (expected: "
            + EtcdCredentials.USER
            + " and "
            + EtcdCredentials.PASSWORD_FILE
            + " to be set)",
        error);
  }

  private void ask(EtcdPassword known, Duration timeout) {
    state = State.ASKING;
    long deadlineNanos = scheduler.clock().nanoTime() + timeout.toNanos();
    known.ask(
        timeout,
        found -> {
          if (state == State.ASKING) {
            long leftNanos = deadlineNanos - scheduler.clock().nanoTime();
            authenticate(known.user(), found, Duration.ofNanos(Math.max(1, leftNanos)));
          }
        },
        failure -> {
          if (state == State.ASKING) {
            fail(failure);
          }
        });
  }

  private void authenticate(String user, String secret, Duration timeout) {
    sender.authenticate(
        AuthenticateRequest.newBuilder().setName(user).setPassword(secret).build(),
        timeout,
        reply -> {
          token = reply.getToken();
          proceed(State.HELD);
        },
        error -> {
          if (error.error() == EtcdError.AUTH_OFF) {
            proceed(State.NOT_NEEDED);
          } else if (error.error() == EtcdError.PASSWORD_REFUSED) {
            fail(
                new EtcdException(
                    EtcdError.PASSWORD_REFUSED,
                    "etcd " + member + ": refused user \"" + user + "\" or its password"));
          } else {
            fail(error);
          }
        });
  }

  private void proceed(State next) {
    state = next;
    drain().forEach(w -> w.go().run());
  }

  private void fail(EtcdException cause) {
    state = State.NONE;
    drain().forEach(w -> w.fail().accept(cause));
  }

  private List<Waiting> drain() {
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }
}
