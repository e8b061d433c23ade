/** Child processes of benchmarks: JVMs, proxies, stores and their CPU time. */
@NullMarked
package dev.holdfast.bench.process;

import org.jspecify.annotations.NullMarked;
