package dev.holdfast.control;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;
import java.util.function.Function;

/** Opens registries under {@code memory://}, whatever a test wants them to be. */
record MemoryProvider(Function<RegistryContext, Registry> registries) implements RegistryProvider {
  @Override
  public String scheme() {
    return "memory";
  }

  @Override
  public String example() {
    return "memory://x/prod";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return List.of();
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    return registries.apply(context);
  }
}
