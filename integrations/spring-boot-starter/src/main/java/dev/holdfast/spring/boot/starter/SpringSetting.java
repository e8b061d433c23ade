package dev.holdfast.spring.boot.starter;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastLoadBalancerProvider;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A property under {@code holdfast}: its type, and its range, default and meaning. The table in
 * docs/spring.md and the metadata for editors are made from these.
 *
 * @param type the Java type, as metadata for editors name it
 * @param tunable key, range, default and meaning; the key is the whole property
 * @param variable the variable of the environment that it stands for; "" for none
 * @param value reads it; null when it is not set, or when it stands for no variable
 */
record SpringSetting(
    Class<?> type,
    Tunable tunable,
    String variable,
    Function<HoldfastProperties, @Nullable String> value) {

  private static final List<SpringSetting> COMMON =
      List.of(
          flag("holdfast.enabled", "Whether the starter does anything."),
          variable(
              "holdfast.registry",
              ServiceTarget.REGISTRY_VARIABLE,
              "a URI, such as `etcd://h1,h2,h3:2379/prod`",
              "The registry of targets `holdfast:///service`.",
              HoldfastProperties::registry),
          variable(
              "holdfast.registry-user",
              "HOLDFAST_REGISTRY_USER",
              "name",
              "The user to log in with, where the URI names none.",
              HoldfastProperties::registryUser),
          variable(
              "holdfast.registry-password-file",
              "HOLDFAST_REGISTRY_PASSWORD_FILE",
              "path",
              "A file whose content is the password for the registry.",
              HoldfastProperties::registryPasswordFile),
          variable(
              "holdfast.registry-password",
              "HOLDFAST_REGISTRY_PASSWORD",
              "text",
              "The password for the registry; the file is safer.",
              HoldfastProperties::registryPassword),
          variable(
              "holdfast.snapshot-dir",
              EndpointDirectory.SNAPSHOT_VARIABLE,
              "path",
              "A directory that keeps the last lists, so that an application starts while its"
                  + " registry is down.",
              HoldfastProperties::snapshotDir),
          variable(
              "holdfast.zone",
              HoldfastChannelBuilder.ZONE_VARIABLE,
              "text",
              "The zone this process runs in.",
              HoldfastProperties::zone),
          variable(
              "holdfast.path",
              "HOLDFAST_PATH",
              "a profile, a duration, default or off",
              "What lies between the clients and servers of gRPC: a profile, or for how long"
                  + " nothing may happen on a connection there.",
              HoldfastProperties::path),
          variable(
              "holdfast.streams",
              "HOLDFAST_STREAMS",
              "service/method=level, several, or off",
              "The streams that are resumable, such as `chat.Chat/*=resume`; levels"
                  + " are reopen, resume and durable.",
              HoldfastProperties::streams),
          variable(
              "holdfast.streams-store",
              "HOLDFAST_STREAMS_STORE",
              "a URI, such as `redis://host:6379`",
              "The store of durable streams.",
              HoldfastProperties::streamsStore),
          variable(
              "holdfast.streams-key-file",
              "HOLDFAST_STREAMS_KEY_FILE",
              "path",
              "A file whose content is the secret that all instances with durable streams share;"
                  + " at least 16 bytes.",
              HoldfastProperties::streamsKeyFile),
          variable(
              "holdfast.streams-key",
              "HOLDFAST_STREAMS_KEY",
              "text",
              "That secret itself; the file is safer.",
              HoldfastProperties::streamsKey),
          flag(
              "holdfast.grpc-metrics",
              "Whether gRPC's own metrics of all channels and servers are recorded, where there is"
                  + " a meter registry and no `GrpcOpenTelemetry`."));

  private static final List<SpringSetting> CLIENT =
      List.of(
          flag("holdfast.client.enabled", "Whether channels are made by Holdfast."),
          new SpringSetting(
              Boolean.class,
              text(
                  "holdfast.client.retry-idempotent",
                  "true or false",
                  "true",
                  "Whether calls of idempotent methods are sent again when their connection dies."),
              "",
              p -> null),
          of(
              Duration.class,
              "holdfast.client.slow-start",
              HoldfastLoadBalancerProvider.tunables().get(1)));

  private static final List<SpringSetting> SERVER =
      List.of(
          flag("holdfast.server.enabled", "Whether the server is made by Holdfast."),
          plain(
              "holdfast.server.registry",
              "a URI, such as `etcd://h1,h2,h3:2379/prod`",
              "`holdfast.registry`, where `holdfast.server.service` is set",
              "The registry in which the server is registered while the application is ready."),
          plain(
              "holdfast.server.service",
              "a name",
              "`spring.application.name`, where `holdfast.server.registry` is set",
              "The name under which it is registered."),
          plain(
              "holdfast.server.advertise",
              "`host` or `host:port`",
              "`HOLDFAST_ADVERTISE`, `POD_IP`, the route to the registry",
              "The address that clients are told."),
          plain("holdfast.server.zone", "text", "`holdfast.zone`", "The zone it stands in."),
          new SpringSetting(
              Integer.class,
              text(
                  "holdfast.server.weight",
                  Endpoint.WEIGHT.expected(),
                  "`HOLDFAST_WEIGHT`, else " + Endpoint.WEIGHT.defaultText(),
                  Endpoint.WEIGHT.meaning()),
              "",
              p -> null),
          new SpringSetting(
              Map.class,
              text(
                  "holdfast.server.metadata",
                  "names and values",
                  "",
                  "Properties of this instance that clients can read."),
              "",
              p -> null),
          of(
              Duration.class,
              "holdfast.server.drain.withdraw-within",
              DrainOptions.tunables().get(0)),
          of(Duration.class, "holdfast.server.drain.spread", DrainOptions.tunables().get(1)));

  /** Every property, in the order of the documents. */
  static final List<SpringSetting> ALL =
      Stream.of(COMMON, CLIENT, SERVER).flatMap(List::stream).toList();

  /** The variables of a process, with those that properties set in their place. */
  static Map<String, String> environment(
      HoldfastProperties properties, Map<String, String> process) {
    Map<String, String> merged = new LinkedHashMap<>(process);
    for (SpringSetting setting : ALL) {
      String value = setting.value.apply(properties);
      if (!setting.variable.isEmpty() && value != null) {
        merged.put(setting.variable, value);
      }
    }
    return Map.copyOf(merged);
  }

  private static SpringSetting variable(
      String key,
      String variable,
      String expected,
      String meaning,
      Function<HoldfastProperties, @Nullable String> value) {
    return new SpringSetting(
        String.class, text(key, expected, "`" + variable + "`", meaning), variable, value);
  }

  private static SpringSetting plain(
      String key, String expected, String defaultText, String meaning) {
    return of(String.class, key, text(key, expected, defaultText, meaning));
  }

  private static SpringSetting flag(String key, String meaning) {
    return of(Boolean.class, key, text(key, "true or false", "true", meaning));
  }

  private static SpringSetting of(Class<?> type, String key, Tunable tunable) {
    Tunable named = text(key, tunable.expected(), tunable.defaultText(), tunable.meaning());
    return new SpringSetting(type, named, "", p -> null);
  }

  private static Tunable text(String key, String expected, String defaultText, String meaning) {
    return new TunableText(key, expected, defaultText, meaning);
  }
}
