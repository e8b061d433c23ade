package dev.holdfast.registry.dns;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;
import org.xbill.DNS.WireParseException;

/**
 * The client for name servers, without a cache; {@code LastKnownGoodEndpoints} keeps what was
 * resolved.
 *
 * <p>Servers are queried one after the other, in several rounds, until one answers. Truncated
 * answers are queried again over TCP by dnsjava. From the second round on, queries are sent without
 * EDNS, which some old servers and middleboxes reject. All methods run on the scheduler, and
 * answers arrive on it.
 */
final class StubResolver {
  /** More questions than this wait for their turn: each takes a socket. */
  @Limit(of = "questions under way at one time", then = "further ones wait for their turn")
  static final int MAX_OPEN_QUERIES = 64;

  /** Of more questions than this it is forgotten whether they ever had an answer. */
  @Limit(
      of = "questions of which is known whether they ever had an answer",
      then = "the oldest is forgotten")
  static final int MAX_REMEMBERED = 10_000;

  @Limit(of = "questions that follow an alias", then = "the name counts as failed")
  private static final int MAX_ALIAS_QUESTIONS = 8;

  private static final int MIN_TRIES = 3;
  private static final int MIN_ROUNDS = 2;
  private static final int NO_EDNS = -1;
  // Of the whole time a tenth is left for the way, so that the last server's silence is reported
  // as such and not as a resolution that took too long.
  private static final double SHARE_OF_TIMEOUT = 0.9;

  private record Question(Name name, int type) {}

  private record Channel(InetSocketAddress server, boolean edns) {}

  private record Try(InetSocketAddress server, boolean edns, Duration timeout) {}

  private final Scheduler scheduler;
  private final Duration timeout;
  private final Map<Channel, SimpleResolver> resolvers = new HashMap<>();
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private final Map<Question, Boolean> found =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Question, Boolean> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };
  private int open;

  StubResolver(Scheduler scheduler, Duration timeout) {
    this.scheduler = scheduler;
    this.timeout = timeout;
  }

  /** Whether the last answer to a question had records. */
  boolean wasFound(Name name, int type) {
    return found.containsKey(new Question(name, type));
  }

  /**
   * Queries the servers for the records of a name.
   *
   * @param name absolute
   * @return completes on the scheduler; fails with a {@link RegistryException} when no server gave
   *     an answer
   */
  CompletableFuture<DnsAnswer> query(List<InetSocketAddress> servers, Name name, int type) {
    return askAlias(servers, name, type, Duration.ofSeconds(Integer.MAX_VALUE), 0)
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                remember(new Question(name, type), answer.isFound());
              }
            });
  }

  private CompletableFuture<DnsAnswer> askAlias(
      List<InetSocketAddress> servers, Name name, int type, Duration ttl, int aliases) {
    return askOnce(servers, name, type)
        .thenCompose(
            message -> {
              AnswerReader.ParsedAnswer parsedAnswer = AnswerReader.read(message, name, type, ttl);
              Name next = parsedAnswer.next();
              if (next == null) {
                return CompletableFuture.completedFuture(parsedAnswer.answer().orElseThrow());
              }
              if (aliases == MAX_ALIAS_QUESTIONS) {
                throw new RegistryException(
                    RegistryErrorKind.MALFORMED,
                    name + ": more than " + MAX_ALIAS_QUESTIONS + " aliases");
              }
              return askAlias(servers, next, type, parsedAnswer.ttl(), aliases + 1);
            });
  }

  private CompletableFuture<Message> askOnce(List<InetSocketAddress> servers, Name name, int type) {
    CompletableFuture<Message> answer = new CompletableFuture<>();
    waiting.addLast(() -> tryNext(tries(servers), new Question(name, type), answer, null));
    var unused =
        answer.whenComplete(
            (message, failure) -> {
              open--;
              openNext();
            });
    openNext();
    return answer;
  }

  private void openNext() {
    while (open < MAX_OPEN_QUERIES && !waiting.isEmpty()) {
      open++;
      waiting.removeFirst().run();
    }
  }

  private Deque<Try> tries(List<InetSocketAddress> servers) {
    int count = Math.max(MIN_TRIES, MIN_ROUNDS * servers.size());
    Duration each = Duration.ofMillis((long) (timeout.toMillis() * SHARE_OF_TIMEOUT / count));
    Deque<Try> tries = new ArrayDeque<>();
    for (int i = 0; i < count; i++) {
      tries.add(new Try(servers.get(i % servers.size()), i < servers.size(), each));
    }
    return tries;
  }

  private void tryNext(
      Deque<Try> tries,
      Question question,
      CompletableFuture<Message> answer,
      @Nullable RegistryException last) {
    Try next = tries.pollFirst();
    if (next == null) {
      answer.completeExceptionally(
          last == null
              ? new RegistryException(RegistryErrorKind.UNAVAILABLE, "no name server is known")
              : last);
      return;
    }
    Message query = Message.newQuery(Record.newRecord(question.name(), question.type(), DClass.IN));
    Waiting waits = new Waiting(next, tries, question, answer);
    waits.timer = scheduler.schedule(next.timeout(), waits::onSilence);
    try {
      var unused =
          resolver(next)
              .sendAsync(query)
              .whenComplete(
                  (message, failure) -> scheduler.execute(() -> waits.onReply(message, failure)));
    } catch (RuntimeException e) {
      // Not documented, but a question that is never answered would keep its place for ever.
      answer.completeExceptionally(noAnswer(next, question, e));
    }
  }

  /**
   * A pending query to one server, with its own timer. dnsjava checks its timeouts only once a
   * second. When the timer fires, the next server is queried as well; a late answer still counts.
   */
  private final class Waiting {
    final Try asked;
    final Deque<Try> tries;
    final Question question;
    final CompletableFuture<Message> answer;
    @Nullable Subscription timer;
    boolean over;

    Waiting(Try asked, Deque<Try> tries, Question question, CompletableFuture<Message> answer) {
      this.asked = asked;
      this.tries = tries;
      this.question = question;
      this.answer = answer;
    }

    void onSilence() {
      goOn(noAnswer(asked, question, null));
    }

    void onReply(@Nullable Message message, @Nullable Throwable failure) {
      if (message == null) {
        goOn(noAnswer(asked, question, failure));
        return;
      }
      int code = message.getRcode();
      if (code == Rcode.NOERROR || code == Rcode.NXDOMAIN) {
        end();
        answer.complete(message);
        return;
      }
      // It has decided; to ask it again at once would only double its load. But one that doesn't
      // understand the question may understand a plainer one.
      boolean plainerMayHelp = asked.edns() && (code == Rcode.FORMERR || code == Rcode.NOTIMP);
      tries.removeIf(t -> t.server().equals(asked.server()) && !plainerMayHelp);
      goOn(
          new RegistryException(
              RegistryErrorKind.UNAVAILABLE,
              describe(asked, question) + " was answered " + Rcode.string(code)));
    }

    private void goOn(RegistryException why) {
      if (!over) {
        end();
        if (!answer.isDone()) {
          tryNext(tries, question, answer, why);
        }
      }
    }

    private void end() {
      over = true;
      if (timer != null) {
        timer.close();
      }
    }
  }

  private SimpleResolver resolver(Try wanted) {
    return resolvers.computeIfAbsent(
        new Channel(wanted.server(), wanted.edns()),
        key -> {
          SimpleResolver resolver = new SimpleResolver(key.server());
          resolver.setTimeout(timeout);
          if (!key.edns()) {
            resolver.setEDNS(NO_EDNS);
          }
          return resolver;
        });
  }

  private void remember(Question question, boolean isFound) {
    found.remove(question);
    if (isFound) {
      found.put(question, true);
    }
  }

  private static RegistryException noAnswer(
      Try asked, Question question, @Nullable Throwable failure) {
    RegistryErrorKind registryErrorKind =
        failure instanceof WireParseException
            ? RegistryErrorKind.MALFORMED
            : RegistryErrorKind.UNAVAILABLE;
    String why =
        registryErrorKind == RegistryErrorKind.MALFORMED
            ? " was answered with something that is no DNS message"
            : " was not answered";
    return new RegistryException(registryErrorKind, describe(asked, question) + why, failure);
  }

  private static String describe(Try asked, Question question) {
    return Type.string(question.type())
        + " "
        + question.name()
        + " at "
        + asked.server().getAddress().getHostAddress()
        + " port "
        + asked.server().getPort();
  }
}
