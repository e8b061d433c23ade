package dev.holdfast.registry.file;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.testkit.RegistryContractTest;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract, in a real directory; the connection breaks by moving that away. */
class FileRegistryContractTest extends RegistryContractTest {
  @TempDir private Path scratch;

  @Override
  protected Registry open(RegistryContext context) throws Exception {
    Files.createDirectories(directory());
    return new FileRegistryProvider()
        .open(RegistryUri.parse("file://" + directory() + "?ttl=1s&poll=50ms"), context);
  }

  @Override
  protected String place() {
    return directory().toString().substring(1);
  }

  @Override
  protected void breakConnection() throws Exception {
    Files.move(directory(), scratch.resolve("away"));
  }

  @Override
  protected void restoreConnection() throws Exception {
    Files.move(scratch.resolve("away"), directory());
  }

  private Path directory() {
    return scratch.resolve("registry");
  }
}
