package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder.request;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Properties that hold leave nothing in the output of a test run, whoever it is addressed to. */
class PropertyOutputTest {
  /** A property that holds; run by the test alone. */
  static final class Holds {
    @Property(tries = 5)
    boolean always(@ForAll int number) {
      return number == number + 0;
    }
  }

  @Test
  void aPropertyThatHoldsPrintsNothing(@TempDir Path folder) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    PrintStream before = System.out;
    System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
    try {
      LauncherFactory.create()
          .execute(
              request()
                  .selectors(selectClass(Holds.class))
                  .configurationParameter("jqwik.database", folder.resolve("database").toString())
                  .configurationParameter("jqwik.reporting.onlyfailures", "true")
                  .build(),
              summary);
    } finally {
      System.setOut(before);
    }
    assertThat(summary.getSummary().getTestsSucceededCount()).isOne();
    assertThat(output.toString(StandardCharsets.UTF_8)).isEmpty();
  }
}
