package dev.holdfast.bench.process;

import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.load.StallRecorder.ProcessStall;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The line in which a child JVM reports its stalls to its parent. */
public final class StallReport {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String WORD = "STALLS";

  private StallReport() {}

  /** Tells the parent of this process what was seen, as {@link #ask} wants it. */
  public static void tell(StallRecorder recorder, ParentLine parent) {
    StringBuilder text = new StringBuilder(WORD);
    recorder
        .stalls()
        .forEach(
            stall -> text.append(' ').append(stall.endMillis()).append(':').append(stall.millis()));
    parent.say("%s", text);
  }

  /** Asks a child that answers every line with {@link #tell}. */
  public static List<ProcessStall> ask(ChildJvm child) throws Exception {
    child.send(WORD);
    List<ProcessStall> stalls = new ArrayList<>();
    for (String word : child.await(WORD, PATIENCE).split(" ", -1)) {
      int colon = word.indexOf(':');
      if (colon > 0) {
        stalls.add(
            new ProcessStall(
                Long.parseLong(word.substring(0, colon)),
                Long.parseLong(word.substring(colon + 1))));
      }
    }
    return stalls;
  }
}
