package dev.holdfast.cli.demo.registry;

import dev.holdfast.core.RegistryUri;
import java.io.IOException;

/** The registry of a run, as something that can be taken away and brought back. */
public interface DemoRegistry extends AutoCloseable {

  /** {@code file} or {@code etcd}. */
  String kind();

  /** The URI of the registry, for instances and clients. */
  RegistryUri uri();

  /**
   * The description of {@link #makeUnavailable()} for people, such as "its directory is renamed
   * away".
   */
  String outageDescription();

  /** Makes the registry unreachable for everyone. */
  void makeUnavailable() throws IOException, InterruptedException;

  /** Makes it reachable again, with what it held. */
  void makeAvailable() throws IOException, InterruptedException;

  /** Whether {@link #wipe()} is ours to do. */
  boolean canBeWiped();

  /** Makes it lose everything it holds. */
  void wipe() throws IOException, InterruptedException;

  @Override
  void close() throws IOException, InterruptedException;
}
