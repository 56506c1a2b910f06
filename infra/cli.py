"""`flotilla`: each command reads its arguments, calls the room that knows, and prints.

What a command needs is imported when it runs, so that `--help` is quick.  Errors of our own rooms,
and of a disk, are one line that says what to do; anything else is a bug and shows its traceback.
"""

import dataclasses
import errno
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from infra import cost_command, keys_commands, terminal
from infra.doctor import command as doctor_command
from training.release.metrics import TOLERANCE

_ROOMS = {"infra", "serving", "training"}
# What a disk refuses, whatever our code does: it is full, read-only, or somebody else's.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}


class _Commands(TyperGroup):
    """Commands whose expected errors are one line."""

    def invoke(self, ctx: Any) -> Any:  # a context of the click that is inside typer
        """Run the command; the exit code is 1 when it fails as it may."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _OF_THE_DISK:
                raise
            where = f": {error.filename}" if error.filename else ""
            terminal.say_error(f"{error.strerror}{where}")
            raise typer.Exit(1) from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _ROOMS:
                raise
            terminal.say_error(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(keys_commands.app, name="keys")
Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Bucket = Annotated[
    str | None, typer.Option(help="The artifacts bucket; without it, the local cloud's.")
]
Tolerance = Annotated[
    float, typer.Option(help="How much worse a metric may be than it was, as a share.")
]


@app.callback()
def main(
    context: typer.Context,
    root: Annotated[
        Path,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The repository to work in.",
            show_default="this one",
        ),
    ] = Path(__file__).parents[1],
) -> None:
    """Models as a service, without servers: a folder per model, a Lambda function per folder."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before anything imports onnxruntime
    context.obj = Path(os.path.relpath(root))  # short in what is printed


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A new model's name, in snake_case.")],
    graph: Annotated[Path | None, typer.Option("--from", help="An ONNX file to serve.")] = None,
    task: Annotated[str | None, typer.Option(help="A task to train for.")] = None,
    memory_mb: Annotated[
        int | None, typer.Option(min=128, max=10_240, help="Guessed from a file if left out.")
    ] = None,
) -> None:
    """Make a new model: of an ONNX file, or with a training script to start from."""
    from infra import scaffold

    if (graph is None) == (task is None):
        raise typer.BadParameter("expected one of --from model.onnx and --task TASK")
    if graph is not None:
        made = scaffold.from_graph(context.obj, name, graph, memory_mb)
        following = "serve it with `flotilla up`"
    else:
        made = scaffold.from_task(context.obj, name, task or "", memory_mb)
        following = f"go on with `flotilla train {name}`"
    terminal.out.print(f"{made.functions}\n{made.training}")
    for warning in made.warnings:
        terminal.say_note(warning)
    terminal.out.print(f"Made {name}: {following}.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(context: typer.Context, model: Model) -> None:
    """Train a model and write its artifact; further arguments go to its training script."""
    from infra import trainer

    trainer.train(context.obj, model, context.args)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def optimise(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its name, or `all` of them.")],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Make the variants anew, not only time them.")
    ] = False,
) -> None:
    """Measure a model's variants (int8, pruned, distilled) and record its ladder."""
    from infra import trainer

    for name in trainer.laddered(context.obj) if model == "all" else [model]:
        terminal.out.print(trainer.optimise(context.obj, name, context.args, fresh))


@app.command()
def check(
    context: typer.Context, model: Model, tolerance: Tolerance = TOLERANCE, as_json: AsJson = False
) -> None:
    """Check a trained artifact as `publish` does: its graph, its examples, its metrics."""
    from serving import folder, lock
    from training.release import check as checks
    from training.release import publish

    facts = folder.read(context.obj / "functions" / model)
    current = lock.read(facts.path) if (facts.path / lock.NAME).exists() else None
    report = checks.check(publish.artifact_folder(context.obj, model), facts, current, tolerance)
    terminal.print_report(report, as_json)
    raise typer.Exit(0 if report.passed else 1)


@app.command("publish")
def publish_(
    context: typer.Context,
    model: Model,
    bucket: Bucket = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Lock only: the artifact travels in git.")
    ] = False,
    tolerance: Tolerance = TOLERANCE,
    as_json: AsJson = False,
) -> None:
    """Check a trained artifact, store it in S3 as the next version, and lock the model to it."""
    from training.release import publish

    registry = None if offline else publish.connect(context.obj, bucket)
    published = publish.publish(context.obj, model, registry, tolerance)
    if as_json:
        terminal.print_json(dataclasses.asdict(published.lock))
        return
    lock, before = published.lock, published.before
    was = f", was version {before.version}" if before and before != lock else ""
    terminal.out.print(f"{model} is version {lock.version}{was}, digest {lock.digest[:12]}...")


@app.command()
def build(
    context: typer.Context,
    local: Annotated[
        bool, typer.Option("--local", help="For this machine's Python, as `up` does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build the layers and the package of every function, for Lambda.

    A model whose artifact is not there is named and left out; `deploy` refuses to go without it.
    """
    from infra import package

    with terminal.err.status("Building ..."):
        built = package.build("local" if local else "lambda", context.obj)
    terminal.print_built(built, as_json)


@app.command()
def render(context: typer.Context) -> None:
    """Render the model folders into infra/template.yaml."""
    from infra import template
    from serving import folder

    path = context.obj / template.PATH.relative_to(template.ROOT)
    models = folder.discover(context.obj / "functions")
    path.write_text(template.text(template.render(models)))
    terminal.out.print(f"{path} has {len(models)} models.")


@app.command()
def up(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(envvar="PORT", min=0, max=65535, help="0 for any free one.")
    ] = 8000,
) -> None:
    """Build, bring the local cloud up, and serve until Ctrl-C."""
    from infra.local import up

    up.run(context.obj.resolve(), port)


@app.command("deploy")
def deploy_(
    context: typer.Context,
    stack: Annotated[str, typer.Option(help="The CloudFormation stack's name.")] = "flotilla",
    region: Annotated[str | None, typer.Option(help="Default: as the AWS settings say.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="One of the template's; may be given again."),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done.")] = False,
) -> None:
    """Build, publish what the artifacts bucket lacks, and deploy with SAM."""
    from infra import deploy, package

    if plan:
        for step in deploy.plan(context.obj, stack, parameter or ()):
            terminal.out.print(step, markup=False)
        return
    account = deploy.AwsAccount.open(context.obj, region)
    deploy.deploy(
        context.obj,
        account,
        lambda: package.build("lambda", context.obj),
        stack,
        terminal.out.print,
        parameter or (),
    )


@app.command()
def call(
    context: typer.Context,
    model: Model,
    request: Annotated[str, typer.Argument(help="Numbers, a text, JSON, or @ and a file's name.")],
    explain: Annotated[bool, typer.Option(help="Answer with attributions.")] = False,
    label: Annotated[str, typer.Option(help="The label to explain, unless the predicted.")] = "",
) -> None:
    """Ask a model of the running cloud: `flotilla call iris 5.1,3.5,1.4,0.2`."""
    from infra import client

    cloud = client.find_cloud(context.obj, os.environ)
    question = client.read_question(request)
    if explain or label:
        question = client.explained(question, label)
    answer = client.ask(cloud, model, question)
    try:
        terminal.print_json(json.loads(answer.text))
    except ValueError:
        terminal.out.print(answer.text, markup=False)
    if answer.status >= 400:
        terminal.say_error(f"{model} answers with status {answer.status}")
        raise typer.Exit(1)


@app.command()
def job(
    context: typer.Context,
    model: Model,
    file: Annotated[Path, typer.Argument(help="A file of lines: .csv or .jsonl.")],
    result: Annotated[
        Path | None, typer.Option(help="Where the answers go.", show_default="beside the file")
    ] = None,
) -> None:
    """Have a file of up to a million lines answered: `flotilla job iris flowers.csv`."""
    from infra import client, file_job

    cloud = client.find_cloud(context.obj, os.environ)
    result = result or file.with_name(f"{file.stem}.{model}.jsonl")
    with terminal.progress(f"{model} answers {file.name}") as show:
        lines = file_job.run(
            cloud, model, file, result, lambda made: show(made.lines_done, made.lines)
        )
    terminal.out.print(f"{result}: {lines} lines", markup=False)


app.command()(cost_command.cost)
app.command()(doctor_command.doctor)


if __name__ == "__main__":
    sys.exit(app())
