package dev.holdfast.gateway.config;

import dev.holdfast.gateway.tls.Identity;
import dev.holdfast.gateway.tls.KeyFiles;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.UpstreamTls;
import dev.holdfast.yaml.YamlMap;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/** Reads what a gateway's file says of TLS, and the files that it names. */
final class TlsYaml {
  private static final String CERTIFICATE = GatewayKeys.CERTIFICATE.key();
  private static final String KEY = GatewayKeys.KEY.key();
  private static final String CLIENT_CA = GatewayKeys.CLIENT_CA.key();
  private static final String CLIENT_AUTH = GatewayKeys.CLIENT_AUTH.key();
  private static final String SERVER_NAME = GatewayKeys.SERVER_NAME.key();

  private final TlsPlace place;

  TlsYaml(TlsPlace place) {
    this.place = place;
  }

  Optional<ListenerTls> ofListener(YamlMap listener) {
    if (!listener.has(GatewayKeys.TLS)) {
      return Optional.empty();
    }
    YamlMap tls = listener.map(GatewayKeys.TLS, "keys such as certificate and key");
    tls.requireKnown(GatewayKeys.LISTENER_TLS.names());
    Optional<Identity> identity = identity(tls, !listener.isProblem(GatewayKeys.TLS));
    Optional<Path> authority = authorities(tls, CLIENT_CA);
    Optional<String> clients =
        tls.parsed(CLIENT_AUTH, GatewayKeys.CLIENT_AUTH.expected(), TlsYaml::clientAuth);
    if (clients.isPresent() && !tls.has(CLIENT_CA)) {
      tls.problem(CLIENT_AUTH, "without client-ca", "both, or none");
    }
    boolean required = !clients.equals(Optional.of("optional"));
    return identity.map(
        own ->
            new ListenerTls(own, authority.map(file -> new ListenerTls.Clients(file, required))));
  }

  Optional<UpstreamTls> ofCluster(YamlMap cluster) {
    if (!cluster.has(GatewayKeys.TLS)) {
      return Optional.empty();
    }
    YamlMap tls = cluster.map(GatewayKeys.TLS, "{}, or keys such as ca and server-name");
    tls.requireKnown(GatewayKeys.UPSTREAM_TLS.names());
    return Optional.of(
        new UpstreamTls(
            authorities(tls, GatewayKeys.CA.key()),
            identity(tls, false),
            tls.parsed(SERVER_NAME, GatewayKeys.SERVER_NAME.expected(), TlsYaml::serverName)));
  }

  private Optional<Identity> identity(YamlMap tls, boolean mandatory) {
    boolean both = tls.has(CERTIFICATE) && tls.has(KEY);
    if (!both && (mandatory || tls.has(CERTIFICATE) || tls.has(KEY))) {
      tls.problem(tls.has(CERTIFICATE) ? KEY : CERTIFICATE, "nothing", "both certificate and key");
    }
    if (!both) {
      return Optional.empty();
    }
    Optional<Known<X509Certificate>> chain =
        tls.parsed(
            CERTIFICATE,
            GatewayKeys.CERTIFICATE.expected(),
            (name, text) ->
                known(name, text, file -> KeyFiles.valid(file, place.clock().wallTime()).get(0)));
    Optional<Known<PrivateKey>> key =
        tls.parsed(
            KEY, GatewayKeys.KEY.expected(), (name, text) -> known(name, text, KeyFiles::key));
    if (chain.isEmpty() || key.isEmpty()) {
      return Optional.empty();
    }
    requirePair(tls, chain.get(), key.get());
    return Optional.of(new Identity(chain.get().file, key.get().file));
  }

  private static void requirePair(
      YamlMap tls, Known<X509Certificate> chain, Known<PrivateKey> key) {
    if (chain.content.isEmpty() || key.content.isEmpty()) {
      return;
    }
    try {
      KeyFiles.requirePair(chain.content.get(0), key.content.get(0), key.file);
    } catch (IOException e) {
      tls.problem(KEY, key.file.toString(), "the key of " + chain.file);
    }
  }

  private Optional<Path> authorities(YamlMap tls, String key) {
    return tls.parsed(
            key,
            GatewayKeys.CA.expected(),
            (name, text) -> known(name, text, KeyFiles::authorities))
        .map(found -> found.file);
  }

  /** A file, and what stands in it unless it is in use. */
  private record Known<T>(Path file, List<T> content) {}

  private interface Reader<T> {
    T read(Path file) throws IOException;
  }

  private <T> Known<T> known(String name, String text, Reader<T> reader) {
    try {
      Path file = place.folder().resolve(text);
      return new Known<>(
          file, place.inUse().contains(file) ? List.of() : List.of(reader.read(file)));
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private static String clientAuth(String name, String text) {
    if (!GatewayKeys.CLIENT_AUTH.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + GatewayKeys.CLIENT_AUTH.expected() + ")");
    }
    return text;
  }

  private static String serverName(String name, String text) {
    if (!text.matches("[A-Za-z0-9_.:-]{1,253}")) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + GatewayKeys.SERVER_NAME.expected() + ")");
    }
    return text;
  }
}
