/** Network paths of the Linux kernel: namespaces, NAT and connection tracking. */
@NullMarked
package dev.holdfast.lab.kernel;

import org.jspecify.annotations.NullMarked;
