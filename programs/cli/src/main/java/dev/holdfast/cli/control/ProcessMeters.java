package dev.holdfast.cli.control;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/**
 * The values of all meters of this process from now on, with those of its JVM. Thread-safe.
 *
 * <p>What counted before was lost, so a program opens this first.
 */
public final class ProcessMeters implements AutoCloseable {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private ProcessMeters() {
    Metrics.addRegistry(meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new FileDescriptorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }

  /** Begins to keep values. */
  public static ProcessMeters open() {
    return new ProcessMeters();
  }

  /** The registry with the values. */
  public MeterRegistry registry() {
    return meters;
  }

  @Override
  public void close() {
    Metrics.removeRegistry(meters);
    meters.close();
  }
}
