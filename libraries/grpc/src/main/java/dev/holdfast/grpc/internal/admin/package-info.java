/** The admin service of the process, and what servers and channels record for it. */
@NullMarked
package dev.holdfast.grpc.internal.admin;

import org.jspecify.annotations.NullMarked;
