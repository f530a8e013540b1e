# What one does here, by name. Each recipe is the command that CONTRIBUTING.md has beside it: nobody needs just.

# What there is
[private]
default:
    @just --list

# A control plane, LocalStack, the operator and the examples
up *args:
    ./localstack/up {{args}}

# Stop what `up` started
down *args:
    ./localstack/down {{args}}

# All tests
test *args:
    cargo test {{args}}

# The library's tests without the simulation
test-unit *args:
    cargo test --lib -- --skip simulation {{args}}

# The simulation: everything that can go wrong, in memory
test-sim *args:
    cargo test --lib simulation {{args}}

# What AWS and Kubernetes hold afterwards, on a rig
test-integration *args:
    cargo test --test integration -- {{args}}

# Mistakes about AWS, each put back and caught
test-mutants *args:
    cargo test --test mutants -- --nocapture {{args}}

# The rules of AWS that tests rely on, each with a probe
test-rules *args:
    cargo test --test aws_rules -- {{args}}

# The image, the chart and a rolling update on a real node; as root
test-node:
    cargo test --test node -- --ignored --nocapture

# Which tests take longest
slowest *args:
    .ci/slowest {{args}}

# Format and lints
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets --all-features -- -D warnings

# Everything generated, anew
generate:
    UPDATE_GENERATED=1 cargo test --test generated --test argocd --test manifests
    UPDATE_GENERATED=1 cargo test --test aws_rules the_page_of_endpoints

# The documentation, as a book in target/book
book:
    .ci/book

# The sources' own documentation
docs:
    cargo doc --no-deps --document-private-items

# What must pass before anything lands
ci:
    .ci/run
