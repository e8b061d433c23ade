package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.tls.KeyFiles;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.ServerNames;
import dev.holdfast.gateway.tls.TlsIdentity;
import dev.holdfast.gateway.tls.UpstreamTls;
import dev.holdfast.yaml.YamlMap;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Parser of the TLS sections in a gateway's file. Reads and validates the files that they name. */
final class TlsYaml {
  private static final String CERTIFICATE = TlsKeys.CERTIFICATE.key();
  private static final String KEY = TlsKeys.KEY.key();
  private static final String CLIENT_CA = TlsKeys.CLIENT_CA.key();
  private static final String SERVER_NAME = TlsKeys.SERVER_NAME.key();

  @Limit(
      of = "names of a certificate in the message that another one is missing",
      then = "the others are counted")
  private static final int MOST_SHOWN = 10;

  private final TlsFileLocation place;

  TlsYaml(TlsFileLocation place) {
    this.place = place;
  }

  Optional<ListenerTls> ofListener(YamlMap listener) {
    if (!listener.has(GatewayKeys.TLS)) {
      return Optional.empty();
    }
    YamlMap tls = listener.map(GatewayKeys.TLS, "keys such as certificate and key");
    tls.requireKnown(TlsKeys.LISTENER.names());
    Optional<TlsIdentity> tlsIdentity =
        identity(tls, !listener.hasProblem(GatewayKeys.TLS), List.of());
    List<ListenerTls.SniCertificate> sniCertificate = named(tls);
    Optional<Path> authority = authorities(tls, CLIENT_CA);
    boolean required = !word(tls, TlsKeys.CLIENT_AUTH).equals("optional");
    ListenerTls.ClientCertForwarding clientCertForwarding =
        ListenerTls.ClientCertForwarding.valueOf(
            word(tls, TlsKeys.FORWARD_CLIENT).toUpperCase(Locale.ROOT));
    return tlsIdentity.map(
        own ->
            new ListenerTls(
                own,
                sniCertificate,
                authority.map(
                    file ->
                        new ListenerTls.ClientAuthentication(
                            file, required, clientCertForwarding))));
  }

  /**
   * The word of a client-certificate key, or its default. Reports a problem when the key is present
   * without client-ca.
   */
  private static String word(YamlMap tls, TunableChoice choice) {
    Optional<String> said =
        tls.parsed(
            choice.key(), choice.expected(), (name, text) -> ListenerYaml.word(name, text, choice));
    if (said.isPresent() && !tls.has(CLIENT_CA)) {
      tls.problem(choice.key(), "without client-ca", "both, or none");
    }
    return said.orElse(choice.defaultText());
  }

  private List<ListenerTls.SniCertificate> named(YamlMap tls) {
    YamlMap items = tls.list(TlsKeys.CERTIFICATES, "a list of certificates with their names");
    if (items.keys().size() > TlsKeys.MAX_CERTIFICATES) {
      tls.problem(
          TlsKeys.CERTIFICATES,
          items.keys().size() + " certificates",
          "at most " + TlsKeys.MAX_CERTIFICATES);
    }
    Map<String, String> taken = new HashMap<>();
    List<ListenerTls.SniCertificate> sniCertificate = new ArrayList<>();
    for (String item : items.keys()) {
      YamlMap one = items.map(item, "a map with names, certificate and key");
      one.requireKnown(TlsKeys.NAMED.names());
      List<String> names = names(one, items.child(item), taken);
      identity(one, !items.hasProblem(item), names)
          .ifPresent(own -> sniCertificate.add(new ListenerTls.SniCertificate(names, own)));
    }
    return sniCertificate;
  }

  private static List<String> names(YamlMap one, String place, Map<String, String> taken) {
    YamlMap items = one.list(TlsKeys.NAMES.key(), TlsKeys.NAMES.expected());
    if (items.keys().isEmpty() && !one.hasProblem(TlsKeys.NAMES.key())) {
      one.problem(TlsKeys.NAMES.key(), "none", TlsKeys.NAMES.expected());
    }
    List<String> names = new ArrayList<>();
    for (String item : items.keys()) {
      Optional<String> name = items.parsed(item, ServerNames.EXPECTED, ServerNames::parse);
      name.ifPresent(names::add);
      Optional<String> other = name.map(text -> taken.putIfAbsent(text, place));
      other.ifPresent(
          before -> items.problem(item, name.orElse(""), "another name than those of " + before));
    }
    return names;
  }

  Optional<UpstreamTls> ofCluster(YamlMap cluster) {
    if (!cluster.has(GatewayKeys.TLS)) {
      return Optional.empty();
    }
    YamlMap tls = cluster.map(GatewayKeys.TLS, "{}, or keys such as ca and server-name");
    tls.requireKnown(TlsKeys.UPSTREAM.names());
    return Optional.of(
        new UpstreamTls(
            authorities(tls, TlsKeys.CA.key()),
            identity(tls, false, List.of()),
            tls.parsed(SERVER_NAME, TlsKeys.SERVER_NAME.expected(), TlsYaml::serverName)));
  }

  /** The certificate and key of a map. The certificate must be valid for all of the names. */
  private Optional<TlsIdentity> identity(YamlMap tls, boolean mandatory, List<String> names) {
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
            TlsKeys.CERTIFICATE.expected(),
            (name, text) ->
                known(name, text, file -> KeyFiles.valid(file, place.clock().wallTime()).get(0)));
    Optional<Known<PrivateKey>> key =
        tls.parsed(KEY, TlsKeys.KEY.expected(), (name, text) -> known(name, text, KeyFiles::key));
    if (chain.isEmpty() || key.isEmpty()) {
      return Optional.empty();
    }
    requirePair(tls, chain.get(), key.get());
    chain.get().content.forEach(certificate -> requireNames(tls, certificate, names));
    return Optional.of(new TlsIdentity(chain.get().file, key.get().file));
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

  private static void requireNames(YamlMap tls, X509Certificate own, List<String> names) {
    List<String> known = KeyFiles.names(own);
    for (String name : names) {
      if (!KeyFiles.isFor(known, name)) {
        tls.problem(
            CERTIFICATE,
            "not for " + name,
            known.isEmpty() ? "one with names" : "one for it; this one is for " + shown(known));
      }
    }
  }

  private static String shown(List<String> names) {
    int more = names.size() - MOST_SHOWN;
    return String.join(", ", names.subList(0, Math.min(MOST_SHOWN, names.size())))
        + (more > 0 ? " and " + more + " more" : "");
  }

  private Optional<Path> authorities(YamlMap tls, String key) {
    return tls.parsed(
            key, TlsKeys.CA.expected(), (name, text) -> known(name, text, KeyFiles::authorities))
        .map(found -> found.file);
  }

  /**
   * A file with its content. The content is empty when the file is in use already and was not read.
   */
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

  private static String serverName(String name, String text) {
    if (!text.matches("[A-Za-z0-9_.:-]{1,253}")) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + TlsKeys.SERVER_NAME.expected() + ")");
    }
    return text;
  }
}
