package dev.holdfast.registry.kubernetes.internal.credentials;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * A reader of kubeconfig files with kubectl's rules: the first file that defines a name wins, and
 * paths are relative to the file that names them. Only the entries that the chosen context refers
 * to are read.
 */
public final class Kubeconfig implements KubeContext.Source {
  static final String DEFAULT_NAMESPACE = "default";

  private static final Set<String> CONTEXT_KEYS =
      Set.of("cluster", "user", "namespace", "extensions");
  private static final Set<String> CLUSTER_KEYS =
      Set.of(
          "server",
          "certificate-authority",
          "certificate-authority-data",
          "proxy-url",
          "tls-server-name",
          "insecure-skip-tls-verify",
          "disable-compression",
          "extensions");
  private static final Set<String> USER_KEYS =
      Set.of(
          "token",
          "tokenFile",
          "client-certificate",
          "client-certificate-data",
          "client-key",
          "client-key-data",
          "exec",
          "auth-provider",
          "username",
          "password",
          "as",
          "as-uid",
          "as-groups",
          "as-user-extra",
          "extensions");
  private static final String INSTEAD =
      "a token, tokenFile, client-certificate with client-key, or exec";

  /** An unsupported key that would change the credentials or the server, with its alternative. */
  private record Refused(String key, String instead) {}

  private static final List<Refused> REFUSED_OF_CLUSTER =
      List.of(
          new Refused("tls-server-name", "none, a server whose certificate names its own address"),
          new Refused(
              "insecure-skip-tls-verify",
              "certificate-authority-data, as tokens are given to verified servers only"));
  private static final List<Refused> REFUSED_OF_USER =
      List.of(
          new Refused("auth-provider", "exec, which took its place in Kubernetes 1.26"),
          new Refused("username", INSTEAD),
          new Refused("password", INSTEAD),
          new Refused("as", "none, an account of its own"),
          new Refused("as-uid", "none, an account of its own"),
          new Refused("as-groups", "none, an account of its own"),
          new Refused("as-user-extra", "none, an account of its own"));

  private final List<Path> files;
  private final Optional<String> context;
  private final Duration execTimeout;

  /**
   * @param files where to look, the first one first
   * @param context the name of the context; empty for the current one
   */
  public Kubeconfig(List<Path> files, Optional<String> context, Duration execTimeout) {
    this.files = List.copyOf(files);
    this.context = context;
    this.execTimeout = execTimeout;
  }

  /** A kubeconfig file and its parsed content. */
  private record Parsed(Path file, YamlNode root) {}

  /** An entry of a file, and the file, to which the entry's paths are relative. */
  private record Named(YamlNode node, Path file) {
    InlineCredential file(String key, String what) throws IOException {
      return InlineCredential.inFile(
          node.place() + "." + key,
          file.toAbsolutePath().resolveSibling(node.at(key).requiredText(what)));
    }
  }

  @Override
  public KubeContext read() throws IOException {
    List<Parsed> parsed = new ArrayList<>();
    for (Path file : files) {
      parsed.add(parse(file));
    }
    String name = context.orElse("");
    for (int i = 0; name.isEmpty() && i < parsed.size(); i++) {
      name = parsed.get(i).root().at("current-context").text().orElse("");
    }
    if (name.isEmpty()) {
      throw new IOException(
          "kubeconfig " + files + ": current-context: missing (expected: a context)");
    }
    Named chosen = named(parsed, "contexts", "context", name);
    chosen.node().requireKnown(CONTEXT_KEYS);
    Named cluster =
        named(parsed, "clusters", "cluster", chosen.node().at("cluster").requiredText("a cluster"));
    Optional<String> user = chosen.node().at("user").text();
    return new KubeContext(
        "kubeconfig " + chosen.file() + ", context " + name,
        server(cluster),
        chosen.node().at("namespace").text().orElse(DEFAULT_NAMESPACE),
        material(cluster, "certificate-authority"),
        proxy(cluster),
        user.isEmpty()
            ? new KubeContext.User(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty())
            : user(named(parsed, "users", "user", user.get()), cluster));
  }

  private static Parsed parse(Path file) throws IOException {
    byte[] bytes = InlineCredential.read("kubeconfig", file);
    LoaderOptions limits = new LoaderOptions();
    limits.setMaxAliasesForCollections(10);
    limits.setCodePointLimit(InlineCredential.MAX_FILE_BYTES);
    limits.setAllowDuplicateKeys(false);
    try {
      Object root =
          new Yaml(new SafeConstructor(limits)).load(new String(bytes, StandardCharsets.UTF_8));
      return new Parsed(file, new YamlNode("kubeconfig " + file + YamlNode.ROOT, root));
    } catch (YAMLException e) {
      // Its message quotes the line, and with it maybe a secret.
      throw new IOException("kubeconfig " + file + ": not understood (expected: YAML)");
    }
  }

  private static Named named(List<Parsed> files, String list, String kind, String name)
      throws IOException {
    List<String> known = new ArrayList<>();
    for (Parsed parsed : files) {
      for (YamlNode element : parsed.root().at(list).elements()) {
        String found = element.at("name").text().orElse("");
        known.add(found);
        if (found.equals(name)) {
          return new Named(element.at(kind), parsed.file());
        }
      }
    }
    throw new IOException(
        "kubeconfig "
            + files.stream().map(Parsed::file).toList()
            + ": "
            + kind
            + ": \""
            + name
            + "\" (expected: "
            + (known.isEmpty() ? "one in " + list + ", which is empty" : "one of " + known)
            + ")");
  }

  private static URI server(Named cluster) throws IOException {
    cluster.node().requireKnown(CLUSTER_KEYS);
    refuse(cluster.node(), REFUSED_OF_CLUSTER);
    YamlNode node = cluster.node().at("server");
    return address(node, node.requiredText("https://host:port"), List.of("https", "http"));
  }

  private static Optional<URI> proxy(Named cluster) throws IOException {
    YamlNode node = cluster.node().at("proxy-url");
    Optional<String> text = node.text();
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(address(node, text.get(), List.of("http")));
  }

  private static URI address(YamlNode node, String text, List<String> schemes) throws IOException {
    String expected = String.join(" or ", schemes) + "://host:port without user and query";
    try {
      URI uri = new URI(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
      if (uri.getScheme() == null
          || !schemes.contains(uri.getScheme())
          || uri.getHost() == null
          || uri.getUserInfo() != null
          || uri.getQuery() != null) {
        throw node.expected(expected);
      }
      return uri;
    } catch (URISyntaxException e) {
      throw node.expected(expected);
    }
  }

  private KubeContext.User user(Named user, Named cluster) throws IOException {
    YamlNode node = user.node();
    node.requireKnown(USER_KEYS);
    refuse(node, REFUSED_OF_USER);
    Optional<InlineCredential> cert = material(user, "client-certificate");
    Optional<InlineCredential> key = material(user, "client-key");
    if (cert.isPresent() != key.isPresent()) {
      throw node.at(cert.isPresent() ? "client-key" : "client-certificate")
          .expected("client-certificate and client-key together");
    }
    return new KubeContext.User(
        token(user),
        cert,
        key,
        ExecPlugin.of(node.at("exec"), user.file(), cluster(cluster), execTimeout));
  }

  private static ExecPlugin.ExecCluster cluster(Named cluster) throws IOException {
    return new ExecPlugin.ExecCluster(server(cluster), material(cluster, "certificate-authority"));
  }

  /** The file counts where both are given, as with kubectl: it may rotate. */
  private static Optional<InlineCredential> token(Named user) throws IOException {
    if (user.node().at("tokenFile").isPresent()) {
      return Optional.of(user.file("tokenFile", "a file"));
    }
    YamlNode node = user.node().at("token");
    return node.text()
        .map(t -> InlineCredential.of(node.place(), t.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The inline data, or else the file that the key names. Inline data win over a file, as with
   * kubectl.
   */
  private static Optional<InlineCredential> material(Named named, String key) throws IOException {
    YamlNode data = named.node().at(key + "-data");
    Optional<String> text = data.text();
    if (text.isPresent()) {
      try {
        return Optional.of(
            InlineCredential.of(data.place(), Base64.getMimeDecoder().decode(text.get())));
      } catch (IllegalArgumentException e) {
        throw data.expected("base64");
      }
    }
    return named.node().at(key).isPresent()
        ? Optional.of(named.file(key, "a file"))
        : Optional.empty();
  }

  private static void refuse(YamlNode node, List<Refused> refused) throws IOException {
    for (Refused key : refused) {
      YamlNode found = node.at(key.key());
      if (found.isPresent() && !Boolean.FALSE.equals(found.value())) {
        throw new IOException(found.place() + ": not supported (expected: " + key.instead() + ")");
      }
    }
  }
}
