package dev.holdfast.core.testkit;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The registry in memory keeps the contract too, so that tests over it prove something. */
class InMemoryRegistryTest extends RegistryContractTest {
  private @Nullable InMemoryStore store;

  @Override
  protected Registry open(RegistryContext context) {
    if (store == null) {
      store = new InMemoryStore(context.scheduler(), Duration.ofMillis(600));
    }
    return store.connect(context);
  }

  @Override
  protected void breakConnection() {
    Objects.requireNonNull(store).stop();
  }

  @Override
  protected void restoreConnection() {
    Objects.requireNonNull(store).start();
  }
}
