/** The present run as a page of PyTorch, and the lines that it prints. */
import { parametersAt, type Run, rowsOfStep, type Settings } from "./descent.ts";
import { loss } from "./neuron.ts";
import { general, listOf, text, wrapped } from "./python.ts";
import { type Division, type Prepared, prepare, type Sample } from "./sample.ts";

export const DIGITS = 8;

/** What the page of PyTorch prints of its epochs, line by line. */
export function printedBy(run: Run): string[] {
  return run.losses.map((reached, epoch) => {
    const now = parametersAt(run, epoch * run.stepsPerEpoch);
    const weights = now.slice(0, -1).map((weight) => general(weight, DIGITS));
    return `epoch ${epoch}  loss ${general(reached, DIGITS)}  w ${weights.join(" ")}  b ${general(now.at(-1) ?? 0, DIGITS)}`;
  });
}

/** And of the rows that it was not trained on. */
export function judgedBy(run: Run, { validation, test }: Prepared): string[] {
  const now = parametersAt(run, run.steps);
  return [{ name: "validation", ...validation }, { name: "test", ...test }]
    .filter(({ y }) => y.length > 0)
    .map(({ name, x, y }) => `${name} loss ${general(loss(x, y, now), DIGITS)}`);
}

/** A complete script: the rows, their order, the scaler, the neuron and its training, in the lesson's own steps. */
export function pytorchPage(sample: Sample, division: Division, isScaled: boolean, settings: Settings): string {
  const { parts } = prepare(sample, division, false);
  const isBatch = settings.variant === "batch";
  return [
    head(isBatch),
    `FEATURES = ${listOf(sample.features.map(text))}`,
    `TARGET = ${text(sample.target)}`,
    `SPLIT_SEED = ${division.seed}`,
    ...(isBatch ? [] : [`SEED = ${settings.seed}`]),
    `EPOCHS = ${settings.epochs}`,
    `LEARNING_RATE = ${settings.rate}`,
    ...(isBatch ? [] : [`BATCH_SIZE = ${rowsOfStep(parts.train.length, settings)}`]),
    `VALIDATED, TESTED = ${parts.validation.length}, ${parts.test.length}  # how many rows`,
    "",
    "# each row: the features, then the target",
    `ROWS = [\n${wrapped(sample.x.map((row, index) => listOf([...row, sample.y[index] ?? 0].map(String))))}\n]`,
    ORDER,
    "# which rows train, validate and test: epoch 0 of the order",
    "order = shuffled(len(ROWS), SPLIT_SEED, 0)",
    "trained = len(ROWS) - VALIDATED - TESTED",
    "train, validation, test = order[:trained], order[trained : trained + VALIDATED], order[trained + VALIDATED :]",
    "table = torch.tensor(ROWS, dtype=torch.float64)",
    "X, y = table[:, :-1], table[:, -1:]",
    "",
    ...(isScaled ? [SCALED] : ["# the inputs as they are"]),
    "X_train, y_train = X[train], y[train]",
    "",
    "model = nn.Linear(len(FEATURES), 1)",
    "nn.init.zeros_(model.weight)  # nn.Linear starts from random numbers, the page from zero",
    "nn.init.zeros_(model.bias)",
    "criterion = nn.MSELoss()",
    "optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)",
    "",
    TOLD,
    isBatch ? BATCH : LOADED,
    JUDGED,
  ].join("\n");
}

function head(isBatch: boolean): string {
  return `"""A linear neuron that learns by gradient descent: the run of Adaline's lesson, in PyTorch. Needs torch alone."""

import math

import torch
from torch import nn
${isBatch ? "" : "from torch.utils.data import DataLoader, Sampler, TensorDataset\n"}
torch.set_default_dtype(torch.float64)  # as the page counts
`;
}

const ORDER = `

def mulberry32(seed):
    """Whole numbers of 32 bits from a seed: those of the page, so that the rows come in the same order."""
    state = seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & 0xFFFFFFFF
        yield mixed ^ (mixed >> 14)


def shuffled(count, seed, epoch):
    """0 to count - 1 in the order of an epoch (Fisher and Yates)."""
    numbers = mulberry32(seed * 65537 + epoch)
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = next(numbers) * (last + 1) >> 32
        order[last], order[other] = order[other], order[last]
    return order

`;

const SCALED = `# what StandardScaler does: fitted on the training rows, applied to all
means = X[train].mean(dim=0)
scales = X[train].std(dim=0, correction=0)
scales[scales <= 1e-12 * means.abs()] = 1.0  # a column that does not vary
X = (X - means) / scales`;

const TOLD = `
def tell(epoch):
    """Print where the neuron is; whether the loss is still a number."""
    with torch.no_grad():
        loss = criterion(model(X_train), y_train).item()
    weights = " ".join(f"{weight:.${DIGITS}g}" for weight in model.weight[0].tolist())
    print(f"epoch {epoch}  loss {loss:.${DIGITS}g}  w {weights}  b {model.bias.item():.${DIGITS}g}")
    return math.isfinite(loss)

`;

const BATCH = `tell(0)
for epoch in range(1, EPOCHS + 1):  # batch descent: all rows in each step
    optimizer.zero_grad()  # 1. zero the gradients
    loss = criterion(model(X_train), y_train)  # 2. forward
    loss.backward()  # 3. autograd computes all gradients
    optimizer.step()  # 4. update the parameters
    if not tell(epoch):
        break
`;

const LOADED = `class Shuffled(Sampler):
    """The order of the page, a new one in each epoch; shuffle=True would take one of torch's own."""

    epoch = 0

    def __len__(self):
        return len(train)

    def __iter__(self):
        self.epoch += 1
        return iter(shuffled(len(train), SEED, self.epoch))


loader = DataLoader(TensorDataset(X_train, y_train), batch_size=BATCH_SIZE, sampler=Shuffled())
tell(0)
for epoch in range(1, EPOCHS + 1):
    for X_batch, y_batch in loader:  # a step for each few rows
        optimizer.zero_grad()  # 1. zero the gradients
        loss = criterion(model(X_batch), y_batch)  # 2. forward
        loss.backward()  # 3. autograd computes all gradients
        optimizer.step()  # 4. update the parameters
    if not tell(epoch):
        break
`;

const JUDGED = `with torch.no_grad():
    for name, rows in (("validation", validation), ("test", test)):
        if rows:
            print(f"{name} loss {criterion(model(X[rows]), y[rows]).item():.${DIGITS}g}")
`;
