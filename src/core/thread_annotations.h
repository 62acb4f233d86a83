// What clang's -Wthread-safety (the clang preset, script/lint) is told: which lock guards a member,
// and which a function needs. Empty for other compilers. Names as in LevelDB.
#pragma once

#ifdef __clang__
#define AI_BOT_ATTRIBUTE(x) __attribute__((x))
#else
#define AI_BOT_ATTRIBUTE(x)
#endif

// Of a class: it is a lock, or holds one while it lives.
#define CAPABILITY(name) AI_BOT_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY AI_BOT_ATTRIBUTE(scoped_lockable)

// Of a member: touched only with the lock held.
#define GUARDED_BY(lock) AI_BOT_ATTRIBUTE(guarded_by(lock))

// Of a function: called with the lock held.
#define REQUIRES(...) AI_BOT_ATTRIBUTE(requires_capability(__VA_ARGS__))

// Of a function: takes the lock, gives it back, or is only called where it is held.
#define ACQUIRE(...) AI_BOT_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) AI_BOT_ATTRIBUTE(release_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(lock) AI_BOT_ATTRIBUTE(assert_capability(lock))
