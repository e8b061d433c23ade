package dev.holdfast.core.testkit;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;
import java.util.function.BiFunction;

/** The provider of registries under {@code memory://}, whatever a test wants them to be. */
public record InMemoryProvider(
    String example,
    List<UriParameter> uriParameters,
    BiFunction<RegistryUri, RegistryContext, Registry> opening)
    implements RegistryProvider {
  /** A provider of registries without parameters. */
  public InMemoryProvider(
      String example, BiFunction<RegistryUri, RegistryContext, Registry> opening) {
    this(example, List.of(), opening);
  }

  @Override
  public String scheme() {
    return "memory";
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    return opening.apply(uri, context);
  }
}
