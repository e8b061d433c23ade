package dev.holdfast.streams.grpc;

import dev.holdfast.hooks.HeaderedMarshaller;
import dev.holdfast.hooks.StreamsProvider;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.SessionStore;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The provider of resumable streams for the methods that HOLDFAST_STREAMS names. Found by
 * ServiceLoader.
 */
public final class EnvironmentStreamsProvider implements StreamsProvider {
  /** The variable that names the store of durable streams, as a URI. */
  public static final String STORE_VARIABLE = "HOLDFAST_STREAMS_STORE";

  /** The variable with the secret that all instances of durable streams share. */
  public static final String KEY_VARIABLE = TokenKeySource.VARIABLE;

  /** The variable that names the file with that secret. */
  public static final String KEY_FILE_VARIABLE = TokenKeySource.FILE_VARIABLE;

  /** The variable with the age at which a durable stream is asked to move. */
  public static final String MAX_AGE_VARIABLE = StreamMoveVariables.MAX_AGE;

  /** The variable that lets durable streams move to instances that have fewer: on or off. */
  public static final String REBALANCE_VARIABLE = StreamMoveVariables.REBALANCE;

  @Override
  public StreamsConfiguration configure(String text, Map<String, String> environment) {
    MethodDurabilityLevels named = MethodDurabilityLevels.parse(text);
    return new Streams(
        named,
        named.has(DurabilityLevel.DURABLE)
            ? durable(environment)
            : EnvironmentStreamsProvider::none);
  }

  private static ServerStreams none() {
    throw new IllegalStateException("durable: none is named");
  }

  /** Checked at once; opened when a server needs it, for a client needs neither. */
  private static Supplier<ServerStreams> durable(Map<String, String> environment) {
    return () -> {
      String uri = environment.getOrDefault(STORE_VARIABLE, "");
      if (uri.isEmpty()) {
        throw new IllegalArgumentException(
            STORE_VARIABLE + ": none (expected: a URI such as redis://host:6379, with durable)");
      }
      byte[] key = TokenKeySource.of(environment);
      ServerStreams.Builder builder = ServerStreams.builder().store(open(uri)).tokenKey(key);
      return StreamMoveVariables.apply(builder, environment).build();
    };
  }

  private static SessionStore open(String uri) {
    String scheme = uri.substring(0, Math.max(0, uri.indexOf(':')));
    return ServiceLoader.load(SessionStoreProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.schemes().contains(scheme))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    STORE_VARIABLE
                        + ": "
                        + scheme
                        + " (expected: a scheme whose room, as holdfast-streams-redis, is on the"
                        + " class path)"))
        .open(uri);
  }

  /** The streams that one setting configures in a process. */
  private static final class Streams implements StreamsConfiguration {
    private final MethodDurabilityLevels named;
    private final ClientStreams resuming = ClientStreams.builder().build();
    private final ClientStreams reopening =
        ClientStreams.builder().level(DurabilityLevel.REOPEN).build();
    private final Supplier<ServerStreams> durable;
    private @Nullable ServerStreams opened;

    Streams(MethodDurabilityLevels named, Supplier<ServerStreams> durable) {
      this.named = named;
      this.durable = durable;
    }

    @Override
    public ClientInterceptor client() {
      return new ClientInterceptor() {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(
            MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
          DurabilityLevel durabilityLevel = levelOf(method);
          if (durabilityLevel == null) {
            return next.newCall(method, options);
          }
          ClientStreams streams = durabilityLevel == DurabilityLevel.REOPEN ? reopening : resuming;
          return streams.interceptCall(method, options, next);
        }
      };
    }

    @Override
    public ServerServiceDefinition resumable(ServerServiceDefinition service) {
      named.check(service.getServiceDescriptor());
      return ResumableService.of(
          service,
          method -> {
            DurabilityLevel durabilityLevel = levelOf(method);
            if (durabilityLevel == null || durabilityLevel == DurabilityLevel.REOPEN) {
              return null;
            }
            return durabilityLevel == DurabilityLevel.DURABLE ? durable() : Holdfast.server();
          });
    }

    /** Null for what is not named, can't be resumed, or is already by the code. */
    private @Nullable DurabilityLevel levelOf(MethodDescriptor<?, ?> method) {
      if (!StreamMethods.isStream(method)
          || method.getRequestMarshaller() instanceof HeaderedMarshaller) {
        return null;
      }
      String name = method.getFullMethodName();
      if (named.isByName(name)) {
        StreamMethods.require(method);
      }
      return StreamMethods.isProtobuf(method) ? named.levelOf(name) : null;
    }

    private synchronized ServerStreams durable() {
      if (opened == null) {
        opened = durable.get();
      }
      return opened;
    }
  }
}
