package dev.holdfast.streams.grpc;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.ChannelHooks;
import dev.holdfast.hooks.ProcessStreams;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.internal.driver.ChannelResumeLimiter;
import dev.holdfast.streams.grpc.internal.driver.PathHeartbeat;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.wire.FrameHeader;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client interceptor that makes streams outlive their connections, in one direction or both.
 * Unary calls pass through.
 *
 * <p>Interceptors between this one and the transport see bytes instead of messages; interceptors
 * outside see one call for the whole session. Thread-safe; may serve several channels.
 */
public final class ClientStreams implements ClientInterceptor, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClientStreams.class);

  private final Builder settings;

  /** Each with what hears of its channel's end. */
  private final Map<ResumableClientCall<?, ?>, Subscription> calls = new ConcurrentHashMap<>();

  private final Set<String> otherMessages = ConcurrentHashMap.newKeySet();

  private final KnownPeers peers = new KnownPeers();

  /** The pacing of resumes, by channel; weak keys, as channels come and go. */
  private final Map<Channel, ChannelResumeLimiter> paces =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final ShownStreams<ResumableClientCall<?, ?>> shown =
      new ShownStreams<>(
          calls::size,
          () -> List.copyOf(calls.keySet()),
          ResumableClientCall::status,
          ResumableClientCall::prefetch);

  private ClientStreams(Builder settings) {
    this.settings = settings;
    // Held weakly there: an interceptor that nobody closes goes with its channel.
    var unused = ProcessStreams.add(shown);
  }

  /** Begins with what {@link Holdfast#resumable()} has. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions callOptions, Channel next) {
    return isResumable(method)
        ? new ResumableClientCall<>(this, next, method, callOptions)
        : next.newCall(method, callOptions);
  }

  /** The sessions that are not over, in no order. */
  public List<SessionView> sessions() {
    return calls.keySet().stream().map(ResumableClientCall::view).toList();
  }

  /** Cancels all streams; grpc-java tells no interceptor that its channel was shut down. */
  @Override
  public void close() {
    calls.keySet().forEach(call -> call.cancel("ClientStreams closed", null));
  }

  private boolean isResumable(MethodDescriptor<?, ?> method) {
    if (!StreamMethods.isStream(method)) {
      return false;
    }
    String name = method.getFullMethodName();
    if (!settings.methods.isEmpty()) {
      boolean named = settings.methods.contains(name);
      if (named) {
        StreamMethods.require(method);
      }
      return named;
    }
    boolean protobuf = StreamMethods.isProtobuf(method);
    if (!protobuf && otherMessages.add(name)) {
      log.info("event=stream_not_resumable method={} cause=\"messages are not protobuf\"", name);
    }
    return protobuf;
  }

  SessionResources sessionResources() {
    return settings.sessionResources;
  }

  SessionOptions options() {
    return settings.options;
  }

  /** The options of sessions on a channel of this kind. */
  SessionOptions options(@Nullable ChannelHooks host) {
    return host == null ? settings.options : PathHeartbeat.of(settings.options, host.heartbeat());
  }

  StreamEvents events() {
    return settings.events;
  }

  void add(ResumableClientCall<?, ?> call) {
    ChannelHooks host = call.options().getOption(ChannelHooks.KEY);
    calls.put(call, host == null ? () -> {} : host.onShutdownNow(call::endWithChannel));
  }

  void remove(ResumableClientCall<?, ?> call) {
    Subscription ofChannel = calls.remove(call);
    if (ofChannel != null) {
      ofChannel.close();
    }
  }

  KnownPeers peers() {
    return peers;
  }

  ChannelResumeLimiter paceOf(Channel channel) {
    return paces.computeIfAbsent(
        channel, unused -> new ChannelResumeLimiter(sessionResources().scheduler()));
  }

  Channel channelTo(String address, Channel usual) {
    return address.isEmpty() ? usual : settings.redirects.apply(address, usual);
  }

  /** A limit of messages is meant for the application's bytes. */
  CallOptions roomForHeader(CallOptions options) {
    CallOptions roomy = options;
    Integer in = options.getMaxInboundMessageSize();
    ChannelHooks host = options.getOption(ChannelHooks.KEY);
    if (in == null && host != null && host.maxInboundMessageBytes().isPresent()) {
      in = host.maxInboundMessageBytes().getAsInt();
    }
    if (in != null) {
      roomy = roomy.withMaxInboundMessageSize(withHeader(in));
    }
    Integer out = options.getMaxOutboundMessageSize();
    return out == null ? roomy : roomy.withMaxOutboundMessageSize(withHeader(out));
  }

  private static int withHeader(int bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (long) bytes + FrameHeader.LARGEST_HEADER_BYTES);
  }

  /** Finds a way to one instance. */
  @FunctionalInterface
  public interface Redirects {
    /**
     * The channel to an instance that holds a session.
     *
     * @param address as that instance says it, host:port
     * @param usual the channel of the call
     */
    Channel apply(String address, Channel usual);
  }

  /** A builder of {@link ClientStreams}, with defaults for every setting. */
  public static final class Builder {
    private SessionResources sessionResources = SessionResources.standard();
    private SessionOptions options = SessionOptions.DEFAULT;
    private StreamEvents events = new StreamEvents() {};
    private Redirects redirects = (address, usual) -> usual;
    private Set<String> methods = Set.of();

    private Builder() {}

    /**
     * Sets the durability level of the streams; default {@link DurabilityLevel#RESUME}. The server
     * decides in the end.
     */
    public Builder level(DurabilityLevel durabilityLevel) {
      options = options.withLevel(durabilityLevel);
      return this;
    }

    /**
     * Whether a stream's first messages wait for the server's welcome; default {@link
     * FirstMessage#AT_ONCE}.
     */
    public Builder firstMessage(FirstMessage when) {
      options = options.withFirstMessage(when);
      return this;
    }

    /** Buffers and times; default {@link SessionOptions#DEFAULT}. */
    public Builder options(SessionOptions newOptions) {
      options = newOptions;
      return this;
    }

    /**
     * Full names ({@code package.Service/Method}) of the methods that are resumable; default: every
     * stream whose messages are protobuf. A named method with other messages fails.
     */
    public Builder methods(String... fullNames) {
      methods = Set.copyOf(new HashSet<>(List.of(fullNames)));
      return this;
    }

    /** Sets the listener of calls without {@link StreamEvents#KEY}. */
    public Builder events(StreamEvents newEvents) {
      events = newEvents;
      return this;
    }

    /** The way to an instance that a server names; default: the channel's own. */
    public Builder redirects(Redirects newRedirects) {
      redirects = newRedirects;
      return this;
    }

    /**
     * Sets the channels for redirects, as {@link #redirects(Redirects)} does, for an application
     * with a channel per address.
     */
    public Builder redirects(Function<String, Channel> channels) {
      return redirects((address, usual) -> channels.apply(address));
    }

    /**
     * Calls the application for calls that name no executor themselves; default: daemon threads of
     * Holdfast's own. A channel's executor can't be seen from here.
     */
    public Builder executor(Executor executor) {
      sessionResources = sessionResources.withExecutor(executor);
      return this;
    }

    /** Runs timers; default {@link dev.holdfast.core.SystemScheduler#shared()}. */
    public Builder scheduler(Scheduler scheduler) {
      sessionResources = sessionResources.withScheduler(scheduler);
      return this;
    }

    /** Sets the meter registry; default: Micrometer's global registry. */
    public Builder meters(MeterRegistry meters) {
      sessionResources = sessionResources.withMeters(meters);
      return this;
    }

    /** Sets the budget of the bytes that sessions hold; default {@link BufferBudget#ofProcess}. */
    public Builder budget(BufferBudget budget) {
      sessionResources = sessionResources.withBudget(budget);
      return this;
    }

    public ClientStreams build() {
      Builder copy = new Builder();
      copy.sessionResources = sessionResources;
      copy.options = options;
      copy.events = events;
      copy.redirects = redirects;
      copy.methods = methods;
      return new ClientStreams(copy);
    }
  }
}
