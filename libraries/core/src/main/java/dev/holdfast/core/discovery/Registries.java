package dev.holdfast.core.discovery;

import dev.holdfast.core.NearestName;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * The open registries of a process, each opened once for all its channels and servers.
 *
 * <p>Two URIs name the same registry when everything but the namespace is equal, user and
 * parameters included. Thread-safe; no method blocks.
 */
public final class Registries {
  private static final int NEAR_ENOUGH_EDITS = 3;

  private record Key(
      String scheme, String userInfo, String authority, Map<String, String> parameters) {
    static Key of(RegistryUri uri) {
      return new Key(uri.scheme(), uri.userInfo(), uri.authority(), uri.parameters());
    }

    /** The text of the URI without the user, because keys end up in messages. */
    @Override
    public String toString() {
      return scheme + "://" + authority;
    }
  }

  private static final class Entry {
    final EndpointDirectory directory;
    int users;

    Entry(EndpointDirectory directory) {
      this.directory = directory;
    }
  }

  private static final class Shared {
    static final Registries INSTANCE = new Registries(RegistryContext.system());
  }

  private final RegistryContext context;
  private final Map<String, RegistryProvider> providers;
  private final Map<Key, Entry> open = new HashMap<>();

  /** The registries of a context, with the providers that the class path offers. */
  public Registries(RegistryContext context) {
    this(context, loaded());
  }

  /** The registries of a context with the given providers. */
  public Registries(RegistryContext context, List<RegistryProvider> providers) {
    this.context = context;
    this.providers = new TreeMap<>();
    providers.forEach(p -> this.providers.put(p.scheme(), p));
  }

  /** The instance that the whole process shares. */
  public static Registries shared() {
    return Shared.INSTANCE;
  }

  public RegistryContext context() {
    return context;
  }

  /** The providers found, by scheme. */
  public Map<String, RegistryProvider> providers() {
    return Map.copyOf(providers);
  }

  /** The endpoint lists of each registry that is open now. */
  public List<EndpointDirectory> directories() {
    synchronized (open) {
      return open.values().stream().map(entry -> entry.directory).toList();
    }
  }

  /**
   * A handle on the directory of a registry, opened if this is its first user.
   *
   * @throws IllegalArgumentException when the scheme or a parameter is not known, or the provider
   *     refuses the URI
   */
  public Handle open(RegistryUri uri) {
    RegistryProvider provider = requireKnown(uri);
    Entry entry;
    synchronized (open) {
      entry = open.computeIfAbsent(Key.of(uri), key -> new Entry(directory(provider, uri)));
      entry.users++;
    }
    return new Handle(uri, entry.directory, () -> release(Key.of(uri)));
  }

  /**
   * Parses a target: {@code scheme://authority/namespace/service}, or {@code holdfast:///service}
   * in the registry that HOLDFAST_REGISTRY names.
   *
   * @throws IllegalArgumentException when it is malformed, its scheme or a parameter is not known,
   *     or the variable is needed and not set
   */
  public ServiceTarget resolveTarget(String text) {
    RegistryUri uri = RegistryUri.parse(text);
    if (!uri.scheme().equals(ServiceTarget.ENVIRONMENT_SCHEME)) {
      requireKnown(uri);
      return ServiceTarget.parse(text);
    }
    if (!uri.authority().isEmpty() || !uri.parameters().isEmpty()) {
      throw new IllegalArgumentException(
          "target: \"" + uri + "\" (expected: holdfast:///service, without host and parameters)");
    }
    String registry = context.environment().get(ServiceTarget.REGISTRY_VARIABLE);
    if (registry == null || registry.isBlank()) {
      throw new IllegalArgumentException(
          ServiceTarget.REGISTRY_VARIABLE
              + ": not set (expected: the registry in which "
              + uri
              + " is looked up, such as "
              + examples()
              + ")");
    }
    return ServiceTarget.in(environmentRegistry(registry), ServiceTarget.parse(text).service());
  }

  /** A use of a registry, to be closed by who opened it. */
  public static final class Handle implements AutoCloseable {
    private final RegistryUri uri;
    private final EndpointDirectory directory;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Handle(RegistryUri uri, EndpointDirectory directory, Runnable release) {
      this.uri = uri;
      this.directory = directory;
      this.release = release;
    }

    /** The URI of the opened registry. */
    public RegistryUri uri() {
      return uri;
    }

    public EndpointDirectory directory() {
      return directory;
    }

    public Registry registry() {
      return directory.registry();
    }

    /** Gives the use back; with the last one the registry is closed. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release.run();
      }
    }
  }

  private RegistryUri environmentRegistry(String text) {
    RegistryUri registry;
    try {
      registry = RegistryUri.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          ServiceTarget.REGISTRY_VARIABLE + ": " + e.getMessage(), e);
    }
    if (registry.scheme().equals(ServiceTarget.ENVIRONMENT_SCHEME)) {
      throw new IllegalArgumentException(
          ServiceTarget.REGISTRY_VARIABLE
              + ": names itself (expected: such as "
              + examples()
              + ")");
    }
    requireKnown(registry);
    return registry;
  }

  private void release(Key key) {
    EndpointDirectory unused = null;
    synchronized (open) {
      Entry entry = open.get(key);
      if (entry != null && --entry.users == 0) {
        open.remove(key);
        unused = entry.directory;
      }
    }
    if (unused != null) {
      unused.close();
    }
  }

  private EndpointDirectory directory(RegistryProvider provider, RegistryUri uri) {
    Registry registry = provider.open(uri, context);
    LastKnownGoodOptions options = LastKnownGoodOptions.forTtl(registry.recordTtl());
    boolean renewed = registry.capabilities().contains(Registry.Capability.ANNOUNCE);
    return EndpointDirectory.over(
        registry, context, renewed ? options : options.withoutReRegistrationWindow());
  }

  private RegistryProvider provider(String scheme) {
    RegistryProvider provider = providers.get(scheme);
    if (provider == null) {
      throw new IllegalArgumentException(
          "scheme: \""
              + scheme
              + "\" (expected: "
              + orNone(String.join(", ", providers.keySet()))
              + ")");
    }
    return provider;
  }

  private String examples() {
    return orNone(
        providers.values().stream()
            .map(RegistryProvider::example)
            .collect(Collectors.joining(" or ")));
  }

  private static String orNone(String list) {
    return list.isEmpty() ? "a holdfast-registry-* jar on the class path, none was found" : list;
  }

  private RegistryProvider requireKnown(RegistryUri uri) {
    RegistryProvider provider = provider(uri.scheme());
    List<String> known =
        provider.uriParameters().stream().map(RegistryProvider.UriParameter::name).toList();
    for (String name : uri.parameters().keySet()) {
      if (!known.contains(name)) {
        String nearest = NearestName.of(name, known, NEAR_ENOUGH_EDITS);
        throw new IllegalArgumentException(
            "registry parameter: \""
                + name
                + "\" (expected: "
                + (known.isEmpty()
                    ? "none for " + provider.scheme()
                    : nearest.isEmpty() ? "one of " + String.join(", ", known) : nearest)
                + ")");
      }
    }
    return provider;
  }

  private static List<RegistryProvider> loaded() {
    List<RegistryProvider> found = new ArrayList<>();
    ServiceLoader.load(RegistryProvider.class, Registries.class.getClassLoader())
        .forEach(found::add);
    return found;
  }
}
