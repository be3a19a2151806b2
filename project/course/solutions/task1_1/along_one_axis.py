"""Task 1.1 with a function of one number: how far to walk along the chosen axis."""

# minitorch/autodiff.py


def central_difference(f, *vals, arg=0, epsilon=1e-6):
    def walk(step):
        return f(*[x + step if i == arg else x for i, x in enumerate(vals)])

    return walk(epsilon) / (2 * epsilon) - walk(-epsilon) / (2 * epsilon)
